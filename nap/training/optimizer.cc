#include "nap/training/optimizer.h"

#include <set>
#include <type_traits>
#include <utility>

namespace nap {
namespace {

using State = std::decay_t<decltype(std::declval<torch::optim::Optimizer>().state())>;

// LibTorch 1.13 keys the state by the printed address of the tensor, 2.x by the address.
template <typename KeyType = State::key_type>
KeyType Key(const torch::Tensor& parameter) {
  if constexpr (std::is_same_v<KeyType, std::string>) {
    return c10::guts::to_string(parameter.unsafeGetTensorImpl());
  } else {
    return parameter.unsafeGetTensorImpl();
  }
}

}  // namespace

void KeepParameters(torch::optim::Optimizer* optimizer, std::vector<torch::Tensor> parameters) {
  std::set<State::key_type> kept;
  for (const torch::Tensor& parameter : parameters) kept.insert(Key(parameter));
  State& state = optimizer->state();
  for (auto entry = state.begin(); entry != state.end();) {
    entry = kept.count(entry->first) != 0 ? std::next(entry) : state.erase(entry);
  }
  optimizer->param_groups()[0].params() = std::move(parameters);
}

void ClearGradients(const std::vector<torch::Tensor>& parameters) {
  for (const torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
}

}  // namespace nap
