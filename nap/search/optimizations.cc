// bilevel: strengths on the validation part, then weights on the train part, first order (DARTS).
// bilevel_second_order: the strengths' step looks ahead over one step of the weights (DARTS).
// joint: both on the train part, from one backward pass.
#include "nap/search/optimization.h"

namespace nap {
namespace {

OptimizationResult Bilevel(SupernetTrainer& trainer, const Batch& train, const Batch& valid) {
  const double strength_loss = trainer.StrengthStep(valid).loss;
  return {trainer.WeightStep(train), strength_loss};
}

OptimizationResult BilevelSecondOrder(SupernetTrainer& trainer, const Batch& train,
                                      const Batch& valid) {
  const double strength_loss = trainer.UnrolledStrengthStep(train, valid).loss;
  return {trainer.WeightStep(train), strength_loss};
}

OptimizationResult Joint(SupernetTrainer& trainer, const Batch& train, const Batch& /*valid*/) {
  const StepResult result = trainer.JointStep(train);
  return {result, result.loss};
}

const bool registered[] = {
    OptimizationRegistry::Global().Register(
        "bilevel", {"strengths on held-out images, weights on the others, first order", Bilevel,
                    /*reads_valid=*/true, /*passes=*/2}),
    OptimizationRegistry::Global().Register(
        "bilevel_second_order", {"bilevel, the strengths' step looking one weight step ahead",
                                 BilevelSecondOrder, /*reads_valid=*/true, /*passes=*/5}),
    OptimizationRegistry::Global().Register(
        "joint", {"weights and strengths on the same images", Joint, /*reads_valid=*/false,
                  /*passes=*/1}),
};

}  // namespace
}  // namespace nap
