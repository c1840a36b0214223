#include "nap/training/weight_average.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_sub.h>
#include <glog/logging.h>

#include <algorithm>

namespace nap {
namespace {

constexpr char kUpdates[] = "average.updates";

std::vector<at::Tensor> StateOf(const torch::nn::Module& module) {
  std::vector<at::Tensor> state = module.parameters();
  for (const at::Tensor& buffer : module.buffers()) state.push_back(buffer);
  return state;
}

}  // namespace

WeightAverage::WeightAverage(const torch::nn::Module& trained, const torch::nn::Module& average,
                             double decay)
    : decay_(decay) {
  const std::vector<at::Tensor> from = StateOf(trained), to = StateOf(average);
  CHECK_EQ(from.size(), to.size());
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < from.size(); ++i) {
    to[i].copy_(from[i]);
    const bool is_averaged = from[i].is_floating_point();
    (is_averaged ? trained_ : trained_counts_).push_back(from[i]);
    (is_averaged ? average_ : average_counts_).push_back(to[i]);
  }
}

void WeightAverage::Update() {
  const at::NoGradGuard no_grad;
  const auto before = static_cast<double>(updates_++);
  const double decay = std::min(decay_, (1 + before) / (10 + before));
  // As a step towards the weights: an average that has reached them stays there.
  at::_foreach_add_(average_, at::_foreach_sub(trained_, average_), 1 - decay);
  for (size_t i = 0; i < average_counts_.size(); ++i) average_counts_[i].copy_(trained_counts_[i]);
}

void WeightAverage::Save(Checkpoint* checkpoint) const {
  checkpoint->integers[kUpdates] = updates_;
}

absl::Status WeightAverage::Load(const Checkpoint& checkpoint) {
  return Get(checkpoint.integers, kUpdates, &updates_);
}

}  // namespace nap
