// The two layers that the built-in operations are made of, with the field's settings.
#ifndef OPS_LAYERS_H_
#define OPS_LAYERS_H_

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "ops/convolution_shape.h"
#include "ops/cost.h"

namespace nap {

torch::nn::Conv2d MakeConvolution(const ConvolutionShape& shape);

// The convolution by LibTorch's operator. x: [N, in, H, W], weight: as Conv2d's.
torch::Tensor Convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const ConvolutionShape& shape);

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
