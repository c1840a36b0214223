// ablation: how much the validation loss grows when that one operation is masked out (the
// perturbation of DARTS-PT, Wang et al. 2021). One pass over the view's batches an operation.
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class Ablation final : public PruningCriterion {
 public:
  absl::StatusOr<ScoreTable> Score(SearchView& view) override {
    const double whole = view.ValidationLoss(std::nullopt);
    ScoreTable scores(view.space());
    for (const CandidateId& id : LivingOperations(view.space(), view.living())) {
      scores[id] = view.ValidationLoss(id) - whole;
    }
    return scores;
  }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "ablation",
    {"growth of the validation loss without the operation (DARTS-PT)",
     [](const CandidateSpace&, const ParameterValues&) { return std::make_unique<Ablation>(); }});

}  // namespace
}  // namespace nap
