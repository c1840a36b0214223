// parameters: how many weights an operation has in the final network. What is left is the largest
// network of the budget: a baseline that needs no training.
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class ParametersCriterion final : public PruningCriterion {
 public:
  absl::StatusOr<ScoreTable> Score(SearchView& view) override { return view.FinalParameters(); }

  bool works_before_training() const override { return true; }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "parameters",
    {"parameters in the final network", [](const CandidateSpace&, const ParameterValues&) {
       return std::make_unique<ParametersCriterion>();
     }});

}  // namespace
}  // namespace nap
