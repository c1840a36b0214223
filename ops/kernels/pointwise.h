// 1 x 1 convolution: a matrix product over the channels of every pixel.
#ifndef OPS_KERNELS_POINTWISE_H_
#define OPS_KERNELS_POINTWISE_H_

#include "ops/kernels/image.h"

namespace nap::kernels {

// y = z * weights, or y += with `accumulate`. weights: [z.channels][y.channels].
// The gradient of z is the product of y's gradient with the transposed weights.
void Pointwise(const ConstImage& z, const float* weights, bool accumulate, const Image& y);

// gradient += the gradient of the weights, [z.channels][dy.channels].
void PointwiseWeightGradient(const ConstImage& z, const ConstImage& dy, float* gradient);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_POINTWISE_H_
