// What LibTorch's optimisers lack.
#ifndef NAP_TRAINING_OPTIMIZER_H_
#define NAP_TRAINING_OPTIMIZER_H_

#include <torch/optim/adamw.h>
#include <torch/optim/optimizer.h>

#include <memory>
#include <vector>

namespace nap {

// For a network that shrinks while it is trained: makes `parameters` the only ones of the
// optimiser's only group. The others' state (momentum, averages) is freed, theirs is kept.
void KeepParameters(torch::optim::Optimizer* optimizer, std::vector<torch::Tensor> parameters);

// AdamW (Loshchilov and Hutter 2019) with its usual betas, 0.9 and 0.999. What is taken from the
// weights at each step is learning_rate * weight_decay of them, from convolutions and matrices
// only: the scales, shifts and biases of a network are few and bounded by what follows them, and
// decay pulls scales that belong at one to zero (He et al. 2019, "Bag of tricks", section 3.1).
std::unique_ptr<torch::optim::AdamW> MakeAdamW(const std::vector<torch::Tensor>& parameters,
                                               double learning_rate, double weight_decay);

// Of every group.
void SetLearningRate(torch::optim::Optimizer* optimizer, double learning_rate);

}  // namespace nap

#endif  // NAP_TRAINING_OPTIMIZER_H_
