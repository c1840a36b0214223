// What batch norms need: sums a channel, and maps that scale and shift each channel. The statistics
// themselves are worked out in double precision from the sums of all images.
#ifndef OPS_KERNELS_NORMALISATION_H_
#define OPS_KERNELS_NORMALISATION_H_

#include <cstdint>

#include "ops/kernels/image.h"

namespace nap::kernels {

// sum[c] += sum of (y - origin[c]), squares[c] += sum of (y - origin[c])^2. With one pixel of y as
// the origin, the variance does not drown in the rounding of a large mean.
void AddMoments(const ConstImage& y, const float* origin, float* sum, float* squares);

// sum[c] += sum of a.
void AddSum(const ConstImage& a, float* sum);

// sum[c] += sum of a * (b - centre[c]).
void AddProducts(const ConstImage& a, const ConstImage& b, const float* centre, float* sum);

// A map of each channel: scale[c] * (x - centre[c]) + shift[c]. Subtracting first is exact where it
// matters, near the mean; a large mean does not drown what is left of it.
struct ChannelMap {
  const float* scale;
  const float* centre;
  const float* shift;
};

// positive = max(0, map(x)).
void MapAndClip(const ConstImage& x, const ChannelMap& map, const Image& positive);

// positive = max(0, x).
void Clip(const ConstImage& x, const Image& positive);

// The gradient of what was clipped: where `positive` is not, gradient = 0. Then
// sum[c] += sum of gradient, products[c] += sum of gradient * (y - centre[c]).
void ClipGradient(const ConstImage& positive, const ConstImage& y, const float* centre,
                  const Image& gradient, float* sum, float* products);

// total += gradient where `positive` is positive.
void AddClipGradient(const ConstImage& positive, const ConstImage& gradient, const Image& total);

struct Term {
  ConstImage image;
  const float* scale;   // a channel
  const float* centre;  // a channel
};

// out = shift[c] + sum over terms of scale[c] * (image - centre[c]), or out += with `accumulate`.
// Every image is read once; `out` may be one of them if there are no more than three terms.
void WeightedSum(const Term* terms, int64_t num_terms, const float* shift, bool accumulate,
                 const Image& out);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_NORMALISATION_H_
