#include "nap/training/optimizer.h"

#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace nap {
namespace {

// LibTorch 1.13 keys the state by the printed address of the tensor, 2.x by the address.
template <typename KeyType = OptimizerState::key_type>
KeyType Key(const torch::Tensor& parameter) {
  if constexpr (std::is_same_v<KeyType, std::string>) {
    std::ostringstream key;
    key << parameter.unsafeGetTensorImpl();
    return key.str();
  } else {
    return parameter.unsafeGetTensorImpl();
  }
}

}  // namespace

OptimizerState::key_type StateKey(const torch::Tensor& parameter) { return Key(parameter); }

void KeepParameters(torch::optim::Optimizer* optimizer, std::vector<torch::Tensor> parameters) {
  std::set<OptimizerState::key_type> kept;
  for (const torch::Tensor& parameter : parameters) kept.insert(Key(parameter));
  OptimizerState& state = optimizer->state();
  for (auto entry = state.begin(); entry != state.end();) {
    entry = kept.count(entry->first) != 0 ? std::next(entry) : state.erase(entry);
  }
  optimizer->param_groups()[0].params() = std::move(parameters);
}

void ClearGradients(const std::vector<torch::Tensor>& parameters) {
  for (const torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
}

}  // namespace nap
