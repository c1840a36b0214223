#include "ops/residual_block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/relu.h>

#include "ops/layers.h"

namespace nap {
namespace {

ConvolutionShape Dense3x3(int64_t in_channels, int64_t out_channels, int64_t stride) {
  return {in_channels, out_channels, 3, 3, stride, stride};
}

}  // namespace

ResidualBlock::ResidualBlock(int64_t in_channels, int64_t out_channels, bool affine)
    : affine_(affine),
      halve_(MakeConvolution(Dense3x3(in_channels, out_channels, 2))),
      keep_(MakeConvolution(Dense3x3(out_channels, out_channels, 1))),
      shortcut_(MakeConvolution(Pointwise(in_channels, out_channels))),
      halve_norm_(MakeBatchNorm(out_channels, affine)),
      keep_norm_(MakeBatchNorm(out_channels, affine)) {
  register_module("halve", halve_);
  register_module("halve_norm", halve_norm_);
  register_module("keep", keep_);
  register_module("keep_norm", keep_norm_);
  register_module("shortcut", shortcut_);
}

torch::Tensor ResidualBlock::Forward(const torch::Tensor& x) {
  torch::Tensor y = halve_norm_->forward(halve_->forward(at::relu(x)));
  y = keep_norm_->forward(keep_->forward(at::relu(y)));
  const torch::Tensor pooled =
      at::avg_pool2d(x, /*kernel_size=*/2, /*stride=*/2, /*padding=*/0, /*ceil_mode=*/true);
  return y + shortcut_->forward(pooled);
}

Cost ResidualBlock::CostAt(ImageSize input) const {
  const int64_t in_channels = shortcut_->options.in_channels();
  const int64_t out_channels = shortcut_->options.out_channels();
  Cost cost = CostOf(Dense3x3(in_channels, out_channels, 2), &input);
  cost += CostOf(Dense3x3(out_channels, out_channels, 1), &input);
  cost += CostOf(Pointwise(in_channels, out_channels), &input);
  return cost + BatchNormCost(out_channels, affine_) + BatchNormCost(out_channels, affine_);
}

}  // namespace nap
