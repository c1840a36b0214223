#include "nap/training/training_state.h"

#include <ATen/core/grad_mode.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <c10/core/GradMode.h>
#include <glog/logging.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <memory>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/random_state.h"
#include "nap/training/optimizer.h"

namespace nap {
namespace {

constexpr char kRandom[] = "random";

std::string Shape(const at::Tensor& tensor) {
  return absl::StrCat("[", absl::StrJoin(tensor.sizes(), ", "), "] ",
                      c10::toString(tensor.scalar_type()));
}

// "weights.3": of the parameter's state.
std::string Name(const std::string& prefix, size_t place) {
  return absl::StrCat(prefix, ".", place);
}

std::vector<at::Tensor> Parameters(const torch::optim::Optimizer& optimizer) {
  std::vector<at::Tensor> parameters;
  for (const torch::optim::OptimizerParamGroup& group : optimizer.param_groups()) {
    parameters.insert(parameters.end(), group.params().begin(), group.params().end());
  }
  return parameters;
}

// A tensor of the parameter's shape, on its device. Undefined if the checkpoint has none.
absl::Status LoadLike(const Checkpoint& checkpoint, const std::string& name,
                      const at::Tensor& parameter, at::Tensor* tensor) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end()) return absl::OkStatus();
  // Copied as it is: with its strides.
  *tensor = found->second.to(parameter.device(), found->second.scalar_type(),
                             /*non_blocking=*/false, /*copy=*/true);
  if (tensor->sizes() == parameter.sizes()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the checkpoint does not fit: '", name, "' is ",
                                                    Shape(*tensor), ", not ", Shape(parameter)));
}

void SaveIfDefined(const at::Tensor& tensor, const std::string& name, Checkpoint* checkpoint) {
  if (tensor.defined()) SaveTensor(tensor, name, checkpoint);
}

// State: Adam's or AdamW's, which are alike.
template <typename State>
void SaveAdam(const State& adam, const std::string& name, Checkpoint* checkpoint) {
  checkpoint->integers[name + ".step"] = adam.step();
  SaveIfDefined(adam.exp_avg(), name + ".exp_avg", checkpoint);
  SaveIfDefined(adam.exp_avg_sq(), name + ".exp_avg_sq", checkpoint);
  SaveIfDefined(adam.max_exp_avg_sq(), name + ".max_exp_avg_sq", checkpoint);
}

using StateOrError = absl::StatusOr<std::unique_ptr<torch::optim::OptimizerParamState>>;

template <typename State>
StateOrError LoadAdam(const Checkpoint& checkpoint, const std::string& name,
                      const at::Tensor& parameter) {
  auto adam = std::make_unique<State>();
  adam->step(checkpoint.integers.at(name + ".step"));
  NAP_RETURN_IF_ERROR(LoadLike(checkpoint, name + ".exp_avg", parameter, &adam->exp_avg()));
  NAP_RETURN_IF_ERROR(LoadLike(checkpoint, name + ".exp_avg_sq", parameter, &adam->exp_avg_sq()));
  NAP_RETURN_IF_ERROR(
      LoadLike(checkpoint, name + ".max_exp_avg_sq", parameter, &adam->max_exp_avg_sq()));
  return adam;
}

void SaveState(const torch::optim::OptimizerParamState& state, const std::string& name,
               Checkpoint* checkpoint) {
  if (const auto* sgd = dynamic_cast<const torch::optim::SGDParamState*>(&state)) {
    SaveIfDefined(sgd->momentum_buffer(), name + ".momentum", checkpoint);
  } else if (const auto* adam = dynamic_cast<const torch::optim::AdamParamState*>(&state)) {
    SaveAdam(*adam, name, checkpoint);
  } else if (const auto* adamw = dynamic_cast<const torch::optim::AdamWParamState*>(&state)) {
    SaveAdam(*adamw, name, checkpoint);
  } else {
    LOG(FATAL) << "an optimiser whose state is not known: add it here";
  }
}

// Null if the checkpoint has none for the parameter.
StateOrError LoadState(const Checkpoint& checkpoint, const std::string& name,
                       const at::Tensor& parameter, const torch::optim::Optimizer& optimizer) {
  if (checkpoint.tensors.count(name + ".momentum") != 0) {
    auto sgd = std::make_unique<torch::optim::SGDParamState>();
    NAP_RETURN_IF_ERROR(
        LoadLike(checkpoint, name + ".momentum", parameter, &sgd->momentum_buffer()));
    return sgd;
  }
  if (checkpoint.integers.count(name + ".step") == 0) return nullptr;
  if (dynamic_cast<const torch::optim::AdamW*>(&optimizer) != nullptr) {
    return LoadAdam<torch::optim::AdamWParamState>(checkpoint, name, parameter);
  }
  return LoadAdam<torch::optim::AdamParamState>(checkpoint, name, parameter);
}

}  // namespace

void SaveTensor(const at::Tensor& tensor, const std::string& name, Checkpoint* checkpoint) {
  checkpoint->tensors[name] = tensor.detach().to(at::kCPU, tensor.scalar_type(),
                                                 /*non_blocking=*/false, /*copy=*/true);
}

absl::Status LoadTensor(const Checkpoint& checkpoint, const std::string& name, at::Tensor* tensor) {
  at::Tensor saved;
  NAP_RETURN_IF_ERROR(Get(checkpoint.tensors, name, &saved));
  if (saved.sizes() != tensor->sizes() || saved.scalar_type() != tensor->scalar_type()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the checkpoint does not fit: '", name, "' is ", Shape(saved), ", not ", Shape(*tensor)));
  }
  const c10::AutoGradMode no_grad(false);
  tensor->copy_(saved);
  return absl::OkStatus();
}

void SaveModule(const torch::nn::Module& module, const std::string& prefix,
                Checkpoint* checkpoint) {
  for (const auto& entry : module.named_parameters()) {
    SaveTensor(entry.value(), prefix + "." + entry.key(), checkpoint);
  }
  for (const auto& entry : module.named_buffers()) {
    SaveTensor(entry.value(), prefix + "." + entry.key(), checkpoint);
  }
}

absl::Status LoadModule(const Checkpoint& checkpoint, const std::string& prefix,
                        torch::nn::Module* module) {
  for (auto& entry : module->named_parameters()) {
    NAP_RETURN_IF_ERROR(LoadTensor(checkpoint, prefix + "." + entry.key(), &entry.value()));
  }
  for (auto& entry : module->named_buffers()) {
    NAP_RETURN_IF_ERROR(LoadTensor(checkpoint, prefix + "." + entry.key(), &entry.value()));
  }
  return absl::OkStatus();
}

void SaveOptimizer(const torch::optim::Optimizer& optimizer, const std::string& prefix,
                   Checkpoint* checkpoint) {
  const std::vector<at::Tensor> parameters = Parameters(optimizer);
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto state = optimizer.state().find(StateKey(parameters[i]));
    if (state == optimizer.state().end()) continue;
    SaveState(*state->second, Name(prefix, i), checkpoint);
  }
}

absl::Status LoadOptimizer(const Checkpoint& checkpoint, const std::string& prefix,
                           torch::optim::Optimizer* optimizer) {
  const std::vector<at::Tensor> parameters = Parameters(*optimizer);
  optimizer->state().clear();
  for (size_t i = 0; i < parameters.size(); ++i) {
    NAP_ASSIGN_OR_RETURN(auto state,
                         LoadState(checkpoint, Name(prefix, i), parameters[i], *optimizer));
    if (state != nullptr) optimizer->state()[StateKey(parameters[i])] = std::move(state);
  }
  return absl::OkStatus();
}

void SaveRandom(Checkpoint* checkpoint) { checkpoint->tensors[kRandom] = RandomState(); }

absl::Status LoadRandom(const Checkpoint& checkpoint) {
  at::Tensor state;
  NAP_RETURN_IF_ERROR(Get(checkpoint.tensors, kRandom, &state));
  SetRandomState(state);
  return absl::OkStatus();
}

}  // namespace nap
