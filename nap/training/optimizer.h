// What LibTorch's optimisers lack for a network that shrinks while it is trained.
#ifndef NAP_TRAINING_OPTIMIZER_H_
#define NAP_TRAINING_OPTIMIZER_H_

#include <torch/optim/optimizer.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace nap {

using OptimizerState = std::decay_t<decltype(std::declval<torch::optim::Optimizer>().state())>;

// Where an optimiser's state() has what belongs to the parameter.
OptimizerState::key_type StateKey(const torch::Tensor& parameter);

// Makes `parameters` the only ones of the optimiser's only group. The others' state (momentum,
// averages) is freed, theirs is kept.
void KeepParameters(torch::optim::Optimizer* optimizer, std::vector<torch::Tensor> parameters);

// Sets the learning rate of every group. `Options` is the optimiser's (torch::optim::SGDOptions).
template <typename Options>
void SetLearningRate(torch::optim::Optimizer* optimizer, double learning_rate) {
  for (torch::optim::OptimizerParamGroup& group : optimizer->param_groups()) {
    static_cast<Options&>(group.options()).lr(learning_rate);
  }
}

// Frees the gradients. A parameter that gets none at the next step is then left alone by it.
void ClearGradients(const std::vector<torch::Tensor>& parameters);

}  // namespace nap

#endif  // NAP_TRAINING_OPTIMIZER_H_
