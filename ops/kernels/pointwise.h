// Convolutions over all channels: a matrix product for every pixel and place of the window.
#ifndef OPS_KERNELS_POINTWISE_H_
#define OPS_KERNELS_POINTWISE_H_

#include "ops/kernels/image.h"
#include "ops/kernels/kernel_shape.h"

namespace nap::kernels {

// y = z * weights, or y += with `accumulate`. weights: [z.channels][y.channels].
// The gradient of z is the product of y's gradient with the transposed weights.
void Pointwise(const ConstImage& z, const float* weights, bool accumulate, const Image& y);

// gradient += the gradient of the weights, [z.channels][dy.channels].
void PointwiseWeightGradient(const ConstImage& z, const ConstImage& dy, float* gradient);

// y = the convolution of x, of stride 1, or y += with `accumulate`. weights:
// [kernel_height * kernel_width][x.channels][y.channels]. x needs a border of zeros, shape.Border()
// wide. The gradient of x is the convolution of y's gradient with the weights turned by 180 degrees
// and transposed.
void Convolution(const KernelShape& shape, const ConstImage& x, const float* weights,
                 bool accumulate, const Image& y);

// gradient += the gradient of the weights.
void ConvolutionWeightGradient(const KernelShape& shape, const ConstImage& x, const ConstImage& dy,
                               float* gradient);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_POINTWISE_H_
