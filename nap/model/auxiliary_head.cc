#include "nap/model/auxiliary_head.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/relu.h>

namespace nap {
namespace {

constexpr int64_t kNarrow = 128;
constexpr int64_t kWhole = 768;

// DARTS's windows of 5 x 5 for the sizes that it has there (8 for CIFAR, 7 for ImageNet); other
// sizes are divided evenly, the row in the middle of an odd one belonging to both halves.
torch::Tensor PoolTo2x2(const torch::Tensor& x) {
  const int64_t height = x.size(2), width = x.size(3);
  if (height == width && (height == 7 || height == 8)) {
    return at::avg_pool2d(x, /*kernel_size=*/5, /*stride=*/height - 5, /*padding=*/0);
  }
  if (height == 1 || width == 1) return at::adaptive_avg_pool2d(x, {2, 2});
  // The same as adaptive_avg_pool2d, whose backward pass has no fixed order on GPUs.
  return at::avg_pool2d(x, {(height + 1) / 2, (width + 1) / 2}, {height / 2, width / 2});
}

}  // namespace

AuxiliaryHead::AuxiliaryHead(int64_t channels, int64_t classes, StemKind stem)
    : narrow_(register_module(
          "narrow", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, kNarrow, 1).bias(false)))),
      narrow_norm_(register_module("narrow_norm", torch::nn::BatchNorm2d(kNarrow))),
      whole_(register_module(
          "whole", torch::nn::Conv2d(torch::nn::Conv2dOptions(kNarrow, kWhole, 2).bias(false)))),
      classifier_(register_module("classifier", torch::nn::Linear(kWhole, classes))) {
  if (stem == StemKind::kCifar) {
    whole_norm_ = register_module("whole_norm", torch::nn::BatchNorm2d(kWhole));
  }
}

torch::Tensor AuxiliaryHead::Forward(const torch::Tensor& x) {
  torch::Tensor y = PoolTo2x2(at::relu(x));
  y = at::relu(narrow_norm_->forward(narrow_->forward(y)));
  y = whole_->forward(y);
  if (whole_norm_) y = whole_norm_->forward(y);
  return classifier_->forward(at::relu(y).flatten(1));
}

}  // namespace nap
