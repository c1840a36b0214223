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

}  // namespace nap
