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

// sum[c] += sum of a * b.
void AddProducts(const ConstImage& a, const ConstImage& b, float* sum);

// positive = max(0, scale[c] * x + shift[c]).
void ScaleAndClip(const ConstImage& x, const float* scale, const float* shift,
                  const Image& positive);

// positive = max(0, x).
void Clip(const ConstImage& x, const Image& positive);

// The gradient of what was clipped: where `positive` is not, gradient = 0. Then
// sum[c] += sum of gradient, products[c] += sum of gradient * y.
void ClipGradient(const ConstImage& positive, const ConstImage& y, const Image& gradient,
                  float* sum, float* products);

// total += gradient where `positive` is positive.
void AddClipGradient(const ConstImage& positive, const ConstImage& gradient, const Image& total);

struct Term {
  ConstImage image;
  const float* scale;  // a channel
};

// out = shift[c] + sum over terms of scale[c] * image. Every image is read once; one may be `out`.
// A null shift is zero.
void WeightedSum(const Term* terms, int64_t num_terms, const float* shift, const Image& out);

// The border of a bordered image becomes zero.
void ClearBorder(const Image& image, int64_t border);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_NORMALISATION_H_
