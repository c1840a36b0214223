#include "ops/layers.h"

#include <ATen/ops/conv2d.h>

namespace nap {

torch::nn::Conv2d MakeConvolution(const ConvolutionShape& shape) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(shape.in_channels, shape.out_channels,
                               {shape.kernel_height, shape.kernel_width})
          .stride({shape.stride_height, shape.stride_width})
          .padding(torch::ExpandingArray<2>({shape.PaddingHeight(), shape.PaddingWidth()}))
          .dilation(shape.dilation)
          .groups(shape.groups)
          .bias(false));
}

torch::Tensor Convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const ConvolutionShape& shape) {
  return at::conv2d(x, weight, /*bias=*/{}, {shape.stride_height, shape.stride_width},
                    {shape.PaddingHeight(), shape.PaddingWidth()}, shape.dilation, shape.groups);
}

torch::nn::BatchNorm2d MakeBatchNorm(int64_t channels, bool affine) {
  return torch::nn::BatchNorm2d(
      torch::nn::BatchNorm2dOptions(channels).affine(affine).track_running_stats(affine));
}

ConvolutionShape Depthwise(int64_t channels, int64_t kernel, int64_t stride, int64_t dilation) {
  return {channels, channels, kernel, kernel, stride, stride, dilation, channels};
}

ConvolutionShape Pointwise(int64_t in_channels, int64_t out_channels, int64_t stride) {
  return {in_channels, out_channels, 1, 1, stride, stride, 1, 1};
}

Cost CostOf(const ConvolutionShape& shape, ImageSize* input) {
  input->height = Strided(*input, shape.stride_height).height;
  input->width = Strided(*input, shape.stride_width).width;
  return ConvolutionCost(shape.in_channels, shape.out_channels, shape.kernel_height,
                         shape.kernel_width, shape.groups, *input);
}

}  // namespace nap
