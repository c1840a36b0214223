// A pruning criterion says what each living operation is worth.
#ifndef NAP_PRUNING_CRITERION_H_
#define NAP_PRUNING_CRITERION_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/base/registry.h"

namespace nap {

// What a criterion may ask of a search at a pruning milestone.
class SearchView {
 public:
  virtual ~SearchView() = default;

  virtual const CandidateSpace& space() const = 0;
  virtual const LivingTable& living() const = 0;

  // What the relaxation makes of the strengths; 0 for what is not living.
  virtual ScoreTable MixingWeights() const = 0;

  // Mean loss over a few fixed validation batches, the same at every call until the next milestone;
  // with `without` masked out of the network if given.
  virtual double ValidationLoss(std::optional<CandidateId> without) = 0;

  virtual uint64_t seed() const = 0;
  virtual int milestone() const = 0;  // 0 at the first
};

class PruningCriterion {
 public:
  virtual ~PruningCriterion() = default;

  // Called after each strength step's backward pass with the raw strengths and the loss's
  // gradients.
  virtual void ObserveStrengthStep(const ScoreTable& /*strengths*/,
                                   const ScoreTable& /*gradients*/) {}

  // What was observed since the last milestone, for a search that is interrupted: SetState with
  // what State gave makes a new criterion go on like this one. InvalidArgument if it cannot be a
  // state.
  virtual std::vector<double> State() const { return {}; }
  virtual absl::Status SetState(const std::vector<double>& state) {
    if (state.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("the pruning criterion keeps no state");
  }

  // A finite score for each living operation (others are ignored): the lowest are pruned first.
  virtual absl::StatusOr<ScoreTable> Score(SearchView& view) = 0;
};

struct PruningCriterionDefinition {
  static constexpr char kKind[] = "pruning criterion";

  std::string description;
  std::function<std::unique_ptr<PruningCriterion>(const CandidateSpace&)> make;
};

using PruningCriterionRegistry = Registry<PruningCriterionDefinition>;

}  // namespace nap

#endif  // NAP_PRUNING_CRITERION_H_
