// bilevel_second_order: as bilevel, but the strengths' step looks ahead. It is for the validation
// loss not of these weights but of those that one more step on the train batch would make of them,
// with the Hessian's product by finite differences (Liu, Simonyan, Yang, "DARTS: Differentiable
// Architecture Search", ICLR 2019, equations 7 and 8).
#include <cmath>
#include <vector>

#include "nap/search/optimization.h"

namespace nap {
namespace {

double Norm(const std::vector<at::Tensor>& tensors) {
  double squares = 0;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.defined()) squares += tensor.square().sum().item<double>();
  }
  return std::sqrt(squares);
}

// `epsilon`: the length of a finite difference.
StepResult UnrolledStrengthStep(double epsilon, SupernetTrainer& trainer, const Batch& train,
                                const Batch& valid) {
  StepResult result = trainer.Backward(train, GradientsOf::kWeights);
  if (!std::isfinite(result.loss)) return result;
  const double learning_rate = trainer.learning_rate();
  std::vector<at::Tensor> gradients, directions;
  trainer.AtWeights(-learning_rate, trainer.WeightDirections(), [&] {
    result = trainer.Backward(valid, GradientsOf::kBoth);
    for (const at::Tensor& gradient : trainer.StrengthGradients()) {
      gradients.push_back(gradient.clone());
    }
    for (const at::Tensor& gradient : trainer.WeightGradients()) {
      directions.push_back(gradient.defined() ? gradient.clone() : at::Tensor());
    }
  });
  if (!std::isfinite(result.loss)) return result;
  if (const double norm = Norm(directions); norm > 0) {
    // The train loss's second derivatives times these directions, by central differences.
    const double distance = epsilon / norm;
    for (const double side : {1.0, -1.0}) {
      trainer.AtWeights(side * distance, directions, [&] {
        trainer.BackwardOfNetworkLoss(train);
        const std::vector<at::Tensor> at_side = trainer.StrengthGradients();
        for (size_t i = 0; i < gradients.size(); ++i) {
          gradients[i].sub_(at_side[i], side * learning_rate / (2 * distance));
        }
      });
    }
  }
  trainer.SetStrengthGradients(gradients);
  trainer.ApplyStrengths();
  return result;
}

const bool registered = OptimizationRegistry::Global().Register(
    "bilevel_second_order",
    {"bilevel, the strengths' step looking one weight step ahead",
     [](const ParameterValues& parameters) {
       const double epsilon = parameters.Number("epsilon");
       return Optimization{[epsilon](SupernetTrainer& trainer, const Batch& train,
                                     const Batch& valid) -> OptimizationResult {
                             const double strength_loss =
                                 UnrolledStrengthStep(epsilon, trainer, train, valid).loss;
                             return {WeightStep(trainer, train), strength_loss};
                           },
                           /*reads_valid=*/true, /*passes=*/5};
     },
     // DARTS's: small against the weights, large against rounding.
     {Parameter::Number("epsilon", 0.01, 1e-9, "length of the finite difference")}});

}  // namespace
}  // namespace nap
