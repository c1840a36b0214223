#include "nap/training/clipped_step.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>
#include <torch/nn/utils/clip_grad.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "nap/runtime/threads.h"
#include "nap/training/optimizer.h"

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

}  // namespace

void StepClipped(torch::optim::SGD* sgd, double max_norm) {
  const at::NoGradGuard no_grad;
  torch::optim::OptimizerParamGroup& group = sgd->param_groups()[0];
  const auto& options = static_cast<const torch::optim::SGDOptions&>(group.options());
  std::vector<Update> updates;
  updates.reserve(group.params().size());
  for (const at::Tensor& parameter : group.params()) {
    const at::Tensor& gradient = parameter.grad();
    if (!gradient.defined()) continue;
    const at::Tensor& momentum = MomentumOf(parameter, sgd);
    if (!AreAlike(parameter, gradient) || !AreAlike(parameter, momentum)) {
      torch::nn::utils::clip_grad_norm_(group.params(), max_norm);
      sgd->step();
      return;
    }
    updates.push_back({parameter.data_ptr<float>(), gradient.data_ptr<float>(),
                       momentum.data_ptr<float>(), parameter.numel()});
  }

  std::vector<double> squares(updates.size());
  const auto count = static_cast<int64_t>(updates.size());
  ForEach(count, [&](int64_t i) { squares[i] = SumOfSquares(updates[i]); });
  double sum = 0;
  for (double square : squares) sum += square;
  const double share = max_norm / (std::sqrt(sum) + 1e-6);
  const auto scale = static_cast<float>(share < 1 ? share : 1);
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
