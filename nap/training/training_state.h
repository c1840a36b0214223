// The state of modules and optimisers, to and from a checkpoint. Names in it begin with `prefix`,
// which tells several of them apart.
#ifndef NAP_TRAINING_TRAINING_STATE_H_
#define NAP_TRAINING_TRAINING_STATE_H_

#include <absl/status/status.h>
#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include <string>

#include "nap/training/checkpoint.h"

namespace nap {

// A copy of the tensor.
void SaveTensor(const at::Tensor& tensor, const std::string& name, Checkpoint* checkpoint);

// Copies the tensor's values into *tensor, wherever that lives. FailedPrecondition if it is not
// there or has another shape or type.
absl::Status LoadTensor(const Checkpoint& checkpoint, const std::string& name, at::Tensor* tensor);

// Parameters and buffers.
void SaveModule(const torch::nn::Module& module, const std::string& prefix, Checkpoint* checkpoint);
absl::Status LoadModule(const Checkpoint& checkpoint, const std::string& prefix,
                        torch::nn::Module* module);

// SGD's momentum, Adam's and AdamW's averages and counts of steps; not the options, which are the
// program's. The parameters are known by their places in the optimiser's groups.
void SaveOptimizer(const torch::optim::Optimizer& optimizer, const std::string& prefix,
                   Checkpoint* checkpoint);
absl::Status LoadOptimizer(const Checkpoint& checkpoint, const std::string& prefix,
                           torch::optim::Optimizer* optimizer);

// LibTorch's default random numbers on the CPU (dropout).
void SaveRandom(Checkpoint* checkpoint);
absl::Status LoadRandom(const Checkpoint& checkpoint);

}  // namespace nap

#endif  // NAP_TRAINING_TRAINING_STATE_H_
