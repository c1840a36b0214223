#include "nap/training/clipped_step.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/threads.h"

namespace nap {
namespace {

struct Update {
  float* parameter;
  const float* gradient;
  float* momentum;
  int64_t size;
};

// Whether their floats lie in memory in the same order, without gaps.
bool AreAlike(const at::Tensor& a, const at::Tensor& b) {
  return a.device().is_cpu() && b.device().is_cpu() && a.scalar_type() == at::kFloat &&
         b.scalar_type() == at::kFloat && a.is_non_overlapping_and_dense() &&
         a.sizes() == b.sizes() && a.strides() == b.strides();
}

// As the optimiser makes it at the first step, where it becomes the gradient.
at::Tensor& MomentumOf(const at::Tensor& parameter, torch::optim::SGD* sgd) {
  auto& state = sgd->state()[StateKey(parameter)];
  if (state == nullptr) state = std::make_unique<torch::optim::SGDParamState>();
  at::Tensor& momentum = static_cast<torch::optim::SGDParamState&>(*state).momentum_buffer();
  if (!momentum.defined()) momentum = at::zeros_like(parameter);
  return momentum;
}

double SumOfSquares(const Update& update) {
  constexpr int kLanes = 16;
  float sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= update.size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      sums[lane] += update.gradient[i + lane] * update.gradient[i + lane];
    }
  }
  double sum = 0;
  for (; i < update.size; ++i) sum += double{update.gradient[i]} * update.gradient[i];
  for (float lane : sums) sum += lane;
  return sum;
}

// How much of the gradients is left by clipping.
double ShareLeft(double norm, double max_norm) { return std::min(1.0, max_norm / (norm + 1e-6)); }

struct Tensors {
  std::vector<at::Tensor> parameters, gradients, momenta;
};

// A few calls for all of them, whatever their number: what a GPU waits for is calls.
void StepInFewCalls(const Tensors& tensors, const torch::optim::SGDOptions& options,
                    double max_norm) {
  const double norm = at::stack(at::_foreach_norm(tensors.gradients)).norm().item<double>();
  at::_foreach_mul_(tensors.momenta, options.momentum());
  at::_foreach_add_(tensors.momenta, tensors.gradients, ShareLeft(norm, max_norm));
  at::_foreach_add_(tensors.momenta, tensors.parameters, options.weight_decay());
  at::_foreach_add_(tensors.parameters, tensors.momenta, -options.lr());
}

}  // namespace

void StepClipped(torch::optim::SGD* sgd, double max_norm) {
  const at::NoGradGuard no_grad;
  torch::optim::OptimizerParamGroup& group = sgd->param_groups()[0];
  const auto& options = static_cast<const torch::optim::SGDOptions&>(group.options());
  Tensors tensors;
  bool alike = true;
  for (const at::Tensor& parameter : group.params()) {
    const at::Tensor& gradient = parameter.grad();
    if (!gradient.defined()) continue;
    const at::Tensor& momentum = MomentumOf(parameter, sgd);
    alike = alike && AreAlike(parameter, gradient) && AreAlike(parameter, momentum);
    tensors.parameters.push_back(parameter);
    tensors.gradients.push_back(gradient);
    tensors.momenta.push_back(momentum);
  }
  if (tensors.parameters.empty()) return;
  if (!alike) return StepInFewCalls(tensors, options, max_norm);

  std::vector<Update> updates;
  updates.reserve(tensors.parameters.size());
  for (size_t i = 0; i < tensors.parameters.size(); ++i) {
    updates.push_back({tensors.parameters[i].data_ptr<float>(),
                       tensors.gradients[i].data_ptr<float>(), tensors.momenta[i].data_ptr<float>(),
                       tensors.parameters[i].numel()});
  }
  std::vector<double> squares(updates.size());
  const auto count = static_cast<int64_t>(updates.size());
  ForEach(count, [&](int64_t i) { squares[i] = SumOfSquares(updates[i]); });
  double sum = 0;
  for (double square : squares) sum += square;
  const auto scale = static_cast<float>(ShareLeft(std::sqrt(sum), max_norm));
  const auto learning_rate = static_cast<float>(options.lr());
  const auto keep = static_cast<float>(options.momentum());
  const auto decay = static_cast<float>(options.weight_decay());
  ForEach(count, [&](int64_t number) {
    const Update& update = updates[number];
    float* const parameter = update.parameter;
    float* const momentum = update.momentum;
    const float* const gradient = update.gradient;
    for (int64_t i = 0; i < update.size; ++i) {
      momentum[i] = keep * momentum[i] + (scale * gradient[i] + decay * parameter[i]);
      parameter[i] -= learning_rate * momentum[i];
    }
  });
}

}  // namespace nap
