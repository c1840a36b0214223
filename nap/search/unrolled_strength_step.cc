#include <ATen/core/grad_mode.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "nap/model/supernet.h"
#include "nap/search/supernet_trainer.h"
#include "nap/training/optimizer.h"

namespace nap {
namespace {

// DARTS's: small against the weights, large against rounding.
constexpr double kFiniteDifference = 0.01;

std::vector<at::Tensor> Copy(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

// to = from + factor * direction; an undefined direction counts as zero.
void Move(const std::vector<at::Tensor>& from, double factor,
          const std::vector<at::Tensor>& directions, const std::vector<at::Tensor>& to) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < to.size(); ++i) {
    to[i].copy_(from[i]);
    if (directions[i].defined()) to[i].add_(directions[i], factor);
  }
}

double Norm(const std::vector<at::Tensor>& tensors) {
  double squares = 0;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined()) squares += tensor.square().sum().item<double>();
  }
  return std::sqrt(squares);
}

// How far SGD would go at a learning rate of 1, without clipping, as in DARTS.
at::Tensor SgdDirection(const at::Tensor& weight, const torch::optim::SGDOptions& options,
                        const OptimizerState& state) {
  at::Tensor direction = weight.grad().add(weight, options.weight_decay());
  const auto found = state.find(StateKey(weight));
  if (found == state.end()) return direction;
  const auto& momentum =
      static_cast<torch::optim::SGDParamState&>(*found->second).momentum_buffer();
  return momentum.defined() ? direction.add_(momentum, options.momentum()) : direction;
}

}  // namespace

StepResult SupernetTrainer::UnrolledStrengthStep(const Batch& train, const Batch& valid) {
  const auto& options =
      static_cast<const torch::optim::SGDOptions&>(weight_optimizer_->param_groups()[0].options());
  std::vector<at::Tensor> mixing;
  for (const at::Tensor& table : MixingTensors()) mixing.push_back(table.detach());
  ClearGradients();
  at::Tensor loss;
  StepResult result = Forward(train, mixing, &loss);
  if (!std::isfinite(result.loss)) return result;
  loss.backward();
  const std::vector<at::Tensor> weights = Copy(weights_);
  std::vector<at::Tensor> directions;
  {
    const at::NoGradGuard no_grad;
    for (const at::Tensor& weight : weights_) {
      directions.push_back(weight.grad().defined()
                               ? SgdDirection(weight, options, weight_optimizer_->state())
                               : at::Tensor());
    }
  }
  Move(weights, -options.lr(), directions, weights_);

  ClearGradients();
  mixing = MixingTensors();
  result = Forward(valid, mixing, &loss);
  if (std::isfinite(result.loss)) (loss + StrengthLoss(mixing)).backward();
  std::vector<at::Tensor> gradients = Copy(StrengthGradientTensors());
  directions.clear();
  for (const at::Tensor& weight : weights_) directions.push_back(weight.grad());
  const double norm = Norm(directions);
  if (std::isfinite(result.loss) && norm > 0) {
    // The train loss's second derivatives times these directions, by central differences.
    const double distance = kFiniteDifference / norm;
    for (const double side : {1.0, -1.0}) {
      Move(weights, side * distance, directions, weights_);
      const std::vector<at::Tensor> at_side = TrainGradientOfStrengths(train);
      for (size_t i = 0; i < gradients.size(); ++i) {
        gradients[i].sub_(at_side[i], side * options.lr() / (2 * distance));
      }
    }
  }
  Move(weights, 0, directions, weights_);
  if (!std::isfinite(result.loss)) return result;
  const std::vector<at::Tensor> strengths = AllStrengths();
  for (size_t i = 0; i < strengths.size(); ++i) strengths[i].mutable_grad() = gradients[i];
  strength_optimizer_->step();
  return result;
}

std::vector<at::Tensor> SupernetTrainer::TrainGradientOfStrengths(const Batch& train) {
  ClearGradients();
  for (const at::Tensor& weight : weights_) weight.set_requires_grad(false);
  at::Tensor loss;
  Forward(train, MixingTensors(), &loss);
  loss.backward();
  for (const at::Tensor& weight : weights_) weight.set_requires_grad(true);
  return StrengthGradientTensors();
}

}  // namespace nap
