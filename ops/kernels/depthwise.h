// Depthwise convolution: every channel has a filter of its own.
#ifndef OPS_KERNELS_DEPTHWISE_H_
#define OPS_KERNELS_DEPTHWISE_H_

#include <cstdint>

#include "ops/kernels/image.h"

namespace nap::kernels {

// Kernel sizes are odd; the padding is dilation * (kernel / 2). Weights are
// [kernel_height * kernel_width][channels].
struct DepthwiseShape {
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride;
  int64_t dilation;

  int64_t Taps() const { return kernel_height * kernel_width; }
  int64_t Border() const {
    return dilation * ((kernel_height > kernel_width ? kernel_height : kernel_width) / 2);
  }
};

// z = x * weights. The first row of z is the one that is centred on the first row of x. x needs a
// border of zeros, shape.Border() wide, where a row or column of z reaches over it.
void Depthwise(const DepthwiseShape& shape, const ConstImage& x, const float* weights,
               const Image& z);

// dx = the gradient of x, or dx += with `accumulate`. dz needs a border of zeros, shape.Border()
// wide.
void DepthwiseInputGradient(const DepthwiseShape& shape, const ConstImage& dz, const float* weights,
                            bool accumulate, const Image& dx);

// gradient += the gradient of the weights. x as in Depthwise.
void DepthwiseWeightGradient(const DepthwiseShape& shape, const ConstImage& x, const ConstImage& dz,
                             float* gradient);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_DEPTHWISE_H_
