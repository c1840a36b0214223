// How weights and strengths share the images.
#ifndef NAP_SEARCH_OPTIMIZATION_H_
#define NAP_SEARCH_OPTIMIZATION_H_

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "nap/base/parameters.h"
#include "nap/base/registry.h"
#include "nap/search/supernet_trainer.h"

namespace nap {

struct OptimizationResult {
  StepResult train;      // on the train batch
  double strength_loss;  // of the strengths' step
};

struct Optimization {
  // One step of weights and strengths, from a batch of the train part and one of the validation
  // part, made of what SupernetTrainer offers. A step whose loss is not finite changes nothing.
  std::function<OptimizationResult(SupernetTrainer&, const Batch& train, const Batch& valid)> step;

  bool reads_valid;  // else `valid` is empty
  double passes;     // forward and backward, of one step
};

struct OptimizationDefinition {
  static constexpr char kKind[] = "optimization";

  std::string description;
  std::function<absl::StatusOr<Optimization>(const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

using OptimizationRegistry = Registry<OptimizationDefinition>;

// Steps that optimizations have in common: gradients of the weights alone, or of the strengths
// alone, and a step from them if the loss is finite.
StepResult WeightStep(SupernetTrainer& trainer, const Batch& batch);
StepResult StrengthStep(SupernetTrainer& trainer, const Batch& batch);

}  // namespace nap

#endif  // NAP_SEARCH_OPTIMIZATION_H_
