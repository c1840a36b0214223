// parameters: how many weights an operation has in the final network. What is left is the largest
// network of the budget: a baseline that needs no training. With shuffle_ties chance decides among
// operations of the same size, so that it is one of the largest networks, not always the one whose
// edges come first.
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x70617261;

class ParametersCriterion final : public PruningCriterion {
 public:
  explicit ParametersCriterion(const ParameterValues& parameters)
      : shuffle_ties_(parameters.Integer("shuffle_ties") != 0) {}

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    NAP_ASSIGN_OR_RETURN(NumberTable scores, view.FinalParameters());
    if (!shuffle_ties_) return scores;
    RandomStream random({view.seed(), kStream});
    // Less than one parameter.
    scores.ForEach([&](double& score) { score += random.Uniform(); });
    return scores;
  }

  bool works_before_training() const override { return true; }

 private:
  const bool shuffle_ties_;
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "parameters",
    {"parameters in the final network",
     [](const CandidateSpace&, const ParameterValues& parameters) {
       return std::make_unique<ParametersCriterion>(parameters);
     },
     {Parameter::Integer("shuffle_ties", 0, 0, "1: chance decides among operations of one size")}});

}  // namespace
}  // namespace nap
