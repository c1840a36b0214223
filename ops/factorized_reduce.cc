#include "ops/factorized_reduce.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/relu.h>

#include "ops/layers.h"
#include "ops/pointwise_stage.h"

namespace nap {

FactorizedReduce::FactorizedReduce(int64_t in_channels, int64_t out_channels)
    : even_(MakeConvolution(Pointwise(in_channels, out_channels / 2, 2))),
      odd_(MakeConvolution(Pointwise(in_channels, out_channels - out_channels / 2, 2))) {
  register_module("even", even_);
  register_module("odd", odd_);
}

torch::Tensor FactorizedReduce::Forward(const torch::Tensor& x) {
  const torch::Tensor positive = at::relu(x);
  // From the second row and column on, with a row and a column of zeros at the end, which only odd
  // sizes reach. Without asking for the size, so that a trace (nap/model/torchscript.h) has any.
  const torch::Tensor shifted = at::constant_pad_nd(positive, {-1, 1, -1, 1});
  return at::cat({even_->forward(positive), odd_->forward(shifted)}, 1);
}

StageList FactorizedReduce::Stages() const {
  return {std::make_shared<PointwiseStage>(std::vector<torch::nn::Conv2d>{even_, odd_})};
}

Cost FactorizedReduce::CostAt(ImageSize input) const {
  const int64_t in_channels = even_->options.in_channels();
  const int64_t out_channels = even_->options.out_channels() + odd_->options.out_channels();
  return ConvolutionCost(in_channels, out_channels, 1, 1, 1, Strided(input, 2));
}

}  // namespace nap
