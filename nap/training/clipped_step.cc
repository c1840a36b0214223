#include "nap/training/clipped_step.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>
#include <glog/logging.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/threads.h"

namespace nap {
namespace {

using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;
using torch::optim::SGDOptions;
using torch::optim::SGDParamState;

// Those of a group that have a gradient, and what the optimiser keeps for each.
struct Group {
  std::vector<at::Tensor> parameters, gradients;
  std::vector<at::Tensor> momenta;    // AdamW's: averages of the gradients
  std::vector<at::Tensor> squares;    // AdamW's: averages of their squares
  std::vector<int64_t> step_numbers;  // AdamW's, from 1
};

// Whether their floats lie in memory in the same order, without gaps.
bool AreAlike(const at::Tensor& a, const at::Tensor& b) {
  return a.device().is_cpu() && b.device().is_cpu() && a.scalar_type() == at::kFloat &&
         b.scalar_type() == at::kFloat && a.is_non_overlapping_and_dense() &&
         a.sizes() == b.sizes() && a.strides() == b.strides();
}

bool AreAlike(const Group& group) {
  for (size_t i = 0; i < group.parameters.size(); ++i) {
    for (const auto* others : {&group.gradients, &group.momenta, &group.squares}) {
      if (!others->empty() && !AreAlike(group.parameters[i], (*others)[i])) return false;
    }
  }
  return true;
}

// As the optimiser makes it at the first step.
template <typename State>
State& StateOf(const at::Tensor& parameter, torch::optim::Optimizer* optimizer) {
  auto& state = optimizer->state()[StateKey(parameter)];
  if (state == nullptr) state = std::make_unique<State>();
  return static_cast<State&>(*state);
}

const at::Tensor& OrZeros(at::Tensor* tensor, const at::Tensor& like) {
  if (!tensor->defined()) *tensor = at::zeros_like(like);
  return *tensor;
}

void AddState(const at::Tensor& parameter, SGDParamState* state, Group* group) {
  group->momenta.push_back(OrZeros(&state->momentum_buffer(), parameter));
}

void AddState(const at::Tensor& parameter, AdamWParamState* state, Group* group) {
  group->momenta.push_back(OrZeros(&state->exp_avg(), parameter));
  group->squares.push_back(OrZeros(&state->exp_avg_sq(), parameter));
  state->step(state->step() + 1);
  group->step_numbers.push_back(state->step());
}

template <typename State>
Group Collect(const torch::optim::OptimizerParamGroup& from, torch::optim::Optimizer* optimizer) {
  Group group;
  for (const at::Tensor& parameter : from.params()) {
    if (!parameter.grad().defined()) continue;
    group.parameters.push_back(parameter);
    group.gradients.push_back(parameter.grad());
    AddState(parameter, &StateOf<State>(parameter, optimizer), &group);
  }
  return group;
}

double SumOfSquares(const float* gradient, int64_t size) {
  constexpr int kLanes = 16;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      sums[lane] += gradient[i + lane] * gradient[i + lane];
    }
  }
  double sum = 0;
  for (; i < size; ++i) sum += double{gradient[i]} * gradient[i];
  for (float lane : sums) sum += lane;
  return sum;
}

double Norm(const std::vector<at::Tensor>& gradients, bool alike) {
  if (!alike) return at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  std::vector<double> squares(gradients.size());
  ForEach(static_cast<int64_t>(squares.size()), [&](int64_t i) {
    squares[i] = SumOfSquares(gradients[i].data_ptr<float>(), gradients[i].numel());
  });
  double sum = 0;
  for (double square : squares) sum += square;
  return std::sqrt(sum);
}

// What gradients are divided by, for averages that began with zeros.
struct Corrections {
  Corrections(const AdamWOptions& options, int64_t step)
      : first(1 - std::pow(std::get<0>(options.betas()), step)),
        second(1 - std::pow(std::get<1>(options.betas()), step)) {}

  double first, second;
};

// A few calls for all of them, whatever their number: what a GPU waits for is calls. `share`: what
// clipping leaves of the gradients.
void StepInFewCalls(const Group& group, const SGDOptions& options, double share) {
  at::_foreach_mul_(group.momenta, options.momentum());
  at::_foreach_add_(group.momenta, group.gradients, share);
  at::_foreach_add_(group.momenta, group.parameters, options.weight_decay());
  at::_foreach_add_(group.parameters, group.momenta, -options.lr());
}

void StepInFewCalls(const Group& group, const AdamWOptions& options, double share) {
  const auto [beta1, beta2] = options.betas();
  at::_foreach_mul_(group.momenta, beta1);
  at::_foreach_add_(group.momenta, group.gradients, (1 - beta1) * share);
  at::_foreach_mul_(group.squares, beta2);
  at::_foreach_addcmul_(group.squares, group.gradients, group.gradients,
                        (1 - beta2) * share * share);
  std::vector<at::Scalar> roots, rates;
  for (const int64_t step : group.step_numbers) {
    const Corrections corrections(options, step);
    roots.emplace_back(std::sqrt(corrections.second));
    rates.emplace_back(-options.lr() / corrections.first);
  }
  std::vector<at::Tensor> divisors = at::_foreach_sqrt(group.squares);
  at::_foreach_div_(divisors, roots);
  at::_foreach_add_(divisors, options.eps());
  at::_foreach_mul_(group.parameters, 1 - options.lr() * options.weight_decay());
  at::_foreach_addcdiv_(group.parameters, group.momenta, divisors, rates);
}

// For tensors that are alike.
void StepOnThreads(const Group& group, const SGDOptions& options, float share) {
  const auto learning_rate = static_cast<float>(options.lr());
  const auto keep = static_cast<float>(options.momentum());
  const auto decay = static_cast<float>(options.weight_decay());
  ForEach(static_cast<int64_t>(group.parameters.size()), [&](int64_t number) {
    float* const parameter = group.parameters[number].data_ptr<float>();
    float* const momentum = group.momenta[number].data_ptr<float>();
    const float* const gradient = group.gradients[number].data_ptr<float>();
    const int64_t size = group.parameters[number].numel();
    for (int64_t i = 0; i < size; ++i) {
      momentum[i] = keep * momentum[i] + (share * gradient[i] + decay * parameter[i]);
      parameter[i] -= learning_rate * momentum[i];
    }
  });
}

void StepOnThreads(const Group& group, const AdamWOptions& options, float share) {
  const auto keep1 = static_cast<float>(std::get<0>(options.betas()));
  const auto keep2 = static_cast<float>(std::get<1>(options.betas()));
  const auto add1 = static_cast<float>(1 - std::get<0>(options.betas()));
  const auto add2 = static_cast<float>(1 - std::get<1>(options.betas()));
  const auto left = static_cast<float>(1 - options.lr() * options.weight_decay());
  const auto epsilon = static_cast<float>(options.eps());
  ForEach(static_cast<int64_t>(group.parameters.size()), [&](int64_t number) {
    const Corrections corrections(options, group.step_numbers[number]);
    const auto rate = static_cast<float>(options.lr() / corrections.first);
    const auto root = static_cast<float>(1 / std::sqrt(corrections.second));
    float* const parameter = group.parameters[number].data_ptr<float>();
    float* const momentum = group.momenta[number].data_ptr<float>();
    float* const squares = group.squares[number].data_ptr<float>();
    const float* const gradients = group.gradients[number].data_ptr<float>();
    const int64_t size = group.parameters[number].numel();
    for (int64_t i = 0; i < size; ++i) {
      const float gradient = share * gradients[i];
      momentum[i] = keep1 * momentum[i] + add1 * gradient;
      squares[i] = keep2 * squares[i] + add2 * gradient * gradient;
      parameter[i] =
          left * parameter[i] - rate * momentum[i] / (root * std::sqrt(squares[i]) + epsilon);
    }
  });
}

template <typename State, typename Options>
void Step(torch::optim::Optimizer* optimizer, double max_norm) {
  std::vector<Group> groups;
  std::vector<at::Tensor> gradients;
  bool alike = true;
  for (const torch::optim::OptimizerParamGroup& group : optimizer->param_groups()) {
    groups.push_back(Collect<State>(group, optimizer));
    const Group& own = groups.back();
    gradients.insert(gradients.end(), own.gradients.begin(), own.gradients.end());
    alike = alike && AreAlike(own);
  }
  if (gradients.empty()) return;
  const double share = std::min(1.0, max_norm / (Norm(gradients, alike) + 1e-6));
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].parameters.empty()) continue;
    const auto& options = static_cast<const Options&>(optimizer->param_groups()[i].options());
    if (alike) {
      StepOnThreads(groups[i], options, static_cast<float>(share));
    } else {
      StepInFewCalls(groups[i], options, share);
    }
  }
}

}  // namespace

void StepClipped(torch::optim::Optimizer* optimizer, double max_norm) {
  const at::NoGradGuard no_grad;
  if (dynamic_cast<torch::optim::SGD*>(optimizer) != nullptr) {
    Step<SGDParamState, SGDOptions>(optimizer, max_norm);
  } else if (dynamic_cast<torch::optim::AdamW*>(optimizer) != nullptr) {
    Step<AdamWParamState, AdamWOptions>(optimizer, max_norm);
  } else {
    LOG(FATAL) << "an optimiser whose step is not known: add it here";
  }
}

}  // namespace nap
