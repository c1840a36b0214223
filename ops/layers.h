// The two layers that the built-in operations are made of, with the field's settings.
#ifndef OPS_LAYERS_H_
#define OPS_LAYERS_H_

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "ops/cost.h"

namespace nap {

// "Same" padding for odd kernels: the output has ceil(size / stride) rows and columns. No bias: a
// batch norm follows every convolution.
struct ConvolutionShape {
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t stride_height = 1;
  int64_t stride_width = 1;
  int64_t dilation = 1;
  int64_t groups = 1;
};

torch::nn::Conv2d MakeConvolution(const ConvolutionShape& shape);

// Without running statistics when not affine: in a supernet, whose parts come and go, statistics
// of the batch at hand are the only ones that fit.
torch::nn::BatchNorm2d MakeBatchNorm(int64_t channels, bool affine);

// k x k with one filter a channel, as in separable convolutions.
ConvolutionShape Depthwise(int64_t channels, int64_t kernel, int64_t stride, int64_t dilation);

// 1 x 1.
ConvolutionShape Pointwise(int64_t in_channels, int64_t out_channels, int64_t stride = 1);

// `input` is the size of the convolution's input; it is replaced by the size of its output.
Cost CostOf(const ConvolutionShape& shape, ImageSize* input);

}  // namespace nap

#endif  // OPS_LAYERS_H_
