// 3 x 3 pooling with padding 1, which leaves the padding out of maximum and average. Nothing is
// kept for the backward pass: it finds the maximum again. A maximum need not keep what is not a
// number.
#ifndef OPS_KERNELS_POOLING_H_
#define OPS_KERNELS_POOLING_H_

#include <cstdint>

#include "ops/kernels/image.h"

namespace nap::kernels {

// y has ceil(size / stride) rows and columns.
void MaxPool3x3(const ConstImage& x, int64_t stride, const Image& y);
void AveragePool3x3(const ConstImage& x, int64_t stride, const Image& y);

// dx += the gradient of x. Of equal maxima the first in reading order gets the gradient.
void MaxPool3x3Gradient(const ConstImage& x, int64_t stride, const ConstImage& dy, const Image& dx);
void AveragePool3x3Gradient(int64_t stride, const ConstImage& dy, const Image& dx);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_POOLING_H_
