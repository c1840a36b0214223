// bilevel: strengths on the validation part, then weights on the train part, first order (DARTS).
// joint: both on the train part, from one backward pass.
#include "nap/search/optimization.h"

namespace nap {
namespace {

OptimizationResult Bilevel(SupernetTrainer& trainer, const Batch& train, const Batch& valid) {
  const double strength_loss = trainer.StrengthStep(valid).loss;
  return {trainer.WeightStep(train), strength_loss};
}

OptimizationResult Joint(SupernetTrainer& trainer, const Batch& train, const Batch& /*valid*/) {
  const StepResult result = trainer.JointStep(train);
  return {result, result.loss};
}

const bool registered[] = {
    OptimizationRegistry::Global().Register(
        "bilevel", {"strengths on held-out images, weights on the others, first order", Bilevel,
                    /*reads_valid=*/true}),
    OptimizationRegistry::Global().Register(
        "joint", {"weights and strengths on the same images", Joint, /*reads_valid=*/false}),
};

}  // namespace
}  // namespace nap
