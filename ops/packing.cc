#include "ops/packing.h"

#include <ATen/ops/empty_like.h>

#include "ops/kernels/image.h"

namespace nap {
namespace {

// Calls visit(weight's float, packed's index) for each weight.
template <typename Visit>
void ForEachDepthwise(const at::Tensor& weight, const Visit& visit) {
  float* data = weight.data_ptr<float>();
  const int64_t channels = weight.size(0), height = weight.size(2), width = weight.size(3);
  const int64_t row = kernels::PaddedChannels(channels);
  for (int64_t i = 0; i < height; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      for (int64_t c = 0; c < channels; ++c) {
        visit(data[c * weight.stride(0) + i * weight.stride(2) + j * weight.stride(3)],
              (i * width + j) * row + c);
      }
    }
  }
}

// Calls visit(weight's float, its input, its output).
template <typename Visit>
void ForEachPointwise(const at::Tensor& weight, const Visit& visit) {
  float* data = weight.data_ptr<float>();
  const int64_t outputs = weight.size(0), inputs = weight.size(1);
  const int64_t output_stride = weight.stride(0), input_stride = weight.stride(1);
  for (int64_t out = 0; out < outputs; ++out) {
    for (int64_t in = 0; in < inputs; ++in) {
      visit(data[out * output_stride + in * input_stride], in, out);
    }
  }
}

}  // namespace

ConvolutionShape ShapeOf(const torch::nn::Conv2d& convolution) {
  const auto& options = convolution->options;
  return {options.in_channels(),       options.out_channels(), (*options.kernel_size())[0],
          (*options.kernel_size())[1], (*options.stride())[0], (*options.stride())[1],
          (*options.dilation())[0],    options.groups()};
}

kernels::KernelShape KernelShapeOf(const torch::nn::Conv2d& convolution) {
  const ConvolutionShape shape = ShapeOf(convolution);
  return {shape.kernel_height, shape.kernel_width, shape.stride_height, shape.dilation};
}

void PackDepthwise(const at::Tensor& weight, float* packed) {
  ForEachDepthwise(weight, [packed](float value, int64_t i) { packed[i] = value; });
}

at::Tensor UnpackDepthwise(const float* packed, const at::Tensor& like) {
  at::Tensor weight = at::empty_like(like);
  ForEachDepthwise(weight, [packed](float& value, int64_t i) { value = packed[i]; });
  return weight;
}

void PackPointwise(const at::Tensor& weight, int64_t first_output, int64_t row, float* packed,
                   float* transposed) {
  const int64_t inputs = kernels::PaddedChannels(weight.size(1));
  ForEachPointwise(weight, [&](float value, int64_t in, int64_t out) {
    packed[in * row + first_output + out] = value;
    transposed[(first_output + out) * inputs + in] = value;
  });
}

at::Tensor UnpackPointwise(const float* packed, int64_t first_output, int64_t row,
                           const at::Tensor& like) {
  at::Tensor weight = at::empty_like(like);
  ForEachPointwise(weight, [&](float& value, int64_t in, int64_t out) {
    value = packed[in * row + first_output + out];
  });
  return weight;
}

}  // namespace nap
