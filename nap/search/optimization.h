// How weights and strengths share the images.
#ifndef NAP_SEARCH_OPTIMIZATION_H_
#define NAP_SEARCH_OPTIMIZATION_H_

#include <functional>
#include <string>

#include "nap/base/registry.h"
#include "nap/search/supernet_trainer.h"

namespace nap {

struct OptimizationResult {
  StepResult train;      // on the train batch
  double strength_loss;  // of the strengths' step
};

struct OptimizationDefinition {
  static constexpr char kKind[] = "optimization";

  std::string description;

  // One step of weights and strengths, from a batch of the train part and one of the validation
  // part.
  std::function<OptimizationResult(SupernetTrainer&, const Batch& train, const Batch& valid)> step;

  bool reads_valid;  // else `valid` is empty
  double passes;     // forward and backward, of one step
};

using OptimizationRegistry = Registry<OptimizationDefinition>;

}  // namespace nap

#endif  // NAP_SEARCH_OPTIMIZATION_H_
