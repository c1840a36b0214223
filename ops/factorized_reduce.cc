#include "ops/factorized_reduce.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/relu.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ops/layers.h"
#include "ops/pointwise_stage.h"

namespace nap {
namespace {

// The convolution of every second pixel. Not by its own stride: of up to five channels and an odd
// number of images oneDNN 3.13 (LibTorch 2.15) writes the weights' gradient beyond its memory when
// two threads compute it.
at::Tensor Convolve(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  const at::Tensor half = x.slice(2, 0, c10::nullopt, 2).slice(3, 0, c10::nullopt, 2);
  return at::conv2d(half, convolution->weight);
}

}  // namespace

FactorizedReduce::FactorizedReduce(int64_t in_channels, int64_t out_channels)
    : even_(MakeConvolution(Pointwise(in_channels, std::max<int64_t>(1, out_channels / 2), 2))) {
  register_module("even", even_);
  if (out_channels == 1) return;
  odd_ = register_module(
      "odd", MakeConvolution(Pointwise(in_channels, out_channels - out_channels / 2, 2)));
}

torch::Tensor FactorizedReduce::Forward(const torch::Tensor& x) {
  const torch::Tensor positive = at::relu(x);
  if (odd_.is_empty()) return Convolve(even_, positive);
  // From the second row and column on, with a row and a column of zeros at the end, which only odd
  // sizes reach. Without asking for the size, so that a trace (nap/export/torchscript.h) has any.
  const torch::Tensor shifted = at::constant_pad_nd(positive, {-1, 1, -1, 1});
  return at::cat({Convolve(even_, positive), Convolve(odd_, shifted)}, 1);
}

StageList FactorizedReduce::Stages() const {
  std::vector<torch::nn::Conv2d> convolutions = {even_};
  if (!odd_.is_empty()) convolutions.push_back(odd_);
  return {std::make_shared<PointwiseStage>(std::move(convolutions))};
}

Cost FactorizedReduce::CostAt(ImageSize input) const {
  const int64_t in_channels = even_->options.in_channels();
  const int64_t out_channels =
      even_->options.out_channels() + (odd_.is_empty() ? 0 : odd_->options.out_channels());
  return ConvolutionCost(in_channels, out_channels, 1, 1, 1, Strided(input, 2));
}

}  // namespace nap
