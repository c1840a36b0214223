// Depthwise convolution: every channel has a filter of its own. Weights are
// [kernel_height * kernel_width][channels].
#ifndef OPS_KERNELS_DEPTHWISE_H_
#define OPS_KERNELS_DEPTHWISE_H_

#include <cstdint>

#include "ops/kernels/image.h"
#include "ops/kernels/kernel_shape.h"

namespace nap::kernels {

// z = x * weights. The first row of z is the one that is centred on the first row of x. x needs a
// border of zeros, shape.Border() wide, where a row or column of z reaches over it.
void Depthwise(const KernelShape& shape, const ConstImage& x, const float* weights, const Image& z);

// dx = the gradient of x, or dx += with `accumulate`. dz needs a border of zeros, shape.Border()
// wide.
void DepthwiseInputGradient(const KernelShape& shape, const ConstImage& dz, const float* weights,
                            bool accumulate, const Image& dx);

// gradient += the gradient of the weights. x as in Depthwise.
void DepthwiseWeightGradient(const KernelShape& shape, const ConstImage& x, const ConstImage& dz,
                             float* gradient);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_DEPTHWISE_H_
