// What LibTorch's optimisers lack for a network that shrinks while it is trained.
#ifndef NAP_TRAINING_OPTIMIZER_H_
#define NAP_TRAINING_OPTIMIZER_H_

#include <torch/optim/optimizer.h>

#include <vector>

namespace nap {

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

}  // namespace nap

#endif  // NAP_TRAINING_OPTIMIZER_H_
