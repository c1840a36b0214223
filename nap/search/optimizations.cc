// bilevel: strengths on the validation part, then weights on the train part, first order (DARTS).
// joint: both on the train part, from one backward pass.
#include <cmath>

#include "nap/search/optimization.h"

namespace nap {
namespace {

OptimizationResult Bilevel(SupernetTrainer& trainer, const Batch& train, const Batch& valid) {
  const double strength_loss = StrengthStep(trainer, valid).loss;
  return {WeightStep(trainer, train), strength_loss};
}

OptimizationResult Joint(SupernetTrainer& trainer, const Batch& train, const Batch& /*valid*/) {
  const StepResult result = trainer.Backward(train, GradientsOf::kBoth);
  if (std::isfinite(result.loss)) {
    trainer.ApplyWeights();
    trainer.ApplyStrengths();
  }
  return {result, result.loss};
}

const bool registered[] = {
    OptimizationRegistry::Global().Register(
        "bilevel", {"strengths on held-out images, weights on the others, first order",
                    [](const ParameterValues&) {
                      return Optimization{Bilevel, /*reads_valid=*/true, /*passes=*/2};
                    }}),
    OptimizationRegistry::Global().Register(
        "joint", {"weights and strengths on the same images",
                  [](const ParameterValues&) {
                    return Optimization{Joint, /*reads_valid=*/false, /*passes=*/1};
                  }}),
};

}  // namespace
}  // namespace nap
