#include "nap/training/optimizer.h"

#include <iterator>
#include <set>
#include <utility>

#include "nap/runtime/libtorch_versions.h"

namespace nap {

void KeepParameters(torch::optim::Optimizer* optimizer, std::vector<torch::Tensor> parameters) {
  std::set<OptimizerState::key_type> kept;
  for (const torch::Tensor& parameter : parameters) kept.insert(StateKey(parameter));
  OptimizerState& state = optimizer->state();
  for (auto entry = state.begin(); entry != state.end();) {
    entry = kept.count(entry->first) != 0 ? std::next(entry) : state.erase(entry);
  }
  optimizer->param_groups()[0].params() = std::move(parameters);
}

std::unique_ptr<torch::optim::AdamW> MakeAdamW(const std::vector<torch::Tensor>& parameters,
                                               double learning_rate, double weight_decay) {
  std::vector<torch::Tensor> decayed, others;
  for (const torch::Tensor& parameter : parameters) {
    (parameter.dim() > 1 ? decayed : others).push_back(parameter);
  }
  const auto options = torch::optim::AdamWOptions(learning_rate).weight_decay(0);
  auto optimizer = std::make_unique<torch::optim::AdamW>(std::move(others), options);
  optimizer->add_param_group(
      {std::move(decayed),
       std::make_unique<torch::optim::AdamWOptions>(
           torch::optim::AdamWOptions(learning_rate).weight_decay(weight_decay))});
  return optimizer;
}

void SetLearningRate(torch::optim::Optimizer* optimizer, double learning_rate) {
  for (torch::optim::OptimizerParamGroup& group : optimizer->param_groups()) {
    group.options().set_lr(learning_rate);
  }
}

}  // namespace nap
