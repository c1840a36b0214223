#include "nap/search/optimization.h"

#include <cmath>

namespace nap {

StepResult WeightStep(SupernetTrainer& trainer, const Batch& batch) {
  StepResult result = trainer.Backward(batch, GradientsOf::kWeights);
  if (std::isfinite(result.loss)) trainer.ApplyWeights();
  return result;
}

StepResult StrengthStep(SupernetTrainer& trainer, const Batch& batch) {
  StepResult result = trainer.Backward(batch, GradientsOf::kStrengths);
  if (std::isfinite(result.loss)) trainer.ApplyStrengths();
  return result;
}

}  // namespace nap
