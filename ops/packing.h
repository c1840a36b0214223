// Convolutions' shapes; their weights between LibTorch's layout, [out, in / groups, height, width]
// with any strides, and the kernels'.
#ifndef OPS_PACKING_H_
#define OPS_PACKING_H_

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/conv.h>

#include <cstdint>

#include "ops/convolution_shape.h"
#include "ops/kernels/kernel_shape.h"

namespace nap {

ConvolutionShape ShapeOf(const torch::nn::Conv2d& convolution);
kernels::KernelShape KernelShapeOf(const torch::nn::Conv2d& convolution);

// [channels, 1, kernel_height, kernel_width] to [taps][padded channels].
void PackDepthwise(const at::Tensor& weight, float* packed);
at::Tensor UnpackDepthwise(const float* packed, const at::Tensor& like);

// [out, in, 1, 1] or [out, in] to [padded in][row], where the outputs start at `first_output`, and
// to its transpose, [row][padded in]. `row` is a padded number of channels. What is not written
// must already be zero.
void PackPointwise(const at::Tensor& weight, int64_t first_output, int64_t row, float* packed,
                   float* transposed);
at::Tensor UnpackPointwise(const float* packed, int64_t first_output, int64_t row,
                           const at::Tensor& like);

}  // namespace nap

#endif  // OPS_PACKING_H_
