// ablation: how much the validation loss grows when that one operation is masked out (the
// perturbation of DARTS-PT, Wang et al. 2021). One pass over the batches an operation.
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class Ablation final : public PruningCriterion {
 public:
  explicit Ablation(int64_t batches) : batches_(batches) {}

  absl::StatusOr<ScoreTable> Score(SearchView& view) override {
    const double whole = view.ValidationLoss(batches_, std::nullopt);
    ScoreTable scores(view.space());
    for (const CandidateId& id : LivingOperations(view.space(), view.living())) {
      scores[id] = view.ValidationLoss(batches_, id) - whole;
    }
    return scores;
  }

 private:
  const int64_t batches_;
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "ablation", {"growth of the validation loss without the operation (DARTS-PT)",
                 [](const CandidateSpace&, const ParameterValues& parameters) {
                   return std::make_unique<Ablation>(parameters.Integer("batches"));
                 },
                 {Parameter::Integer("batches", 4, 1, "validation batches looked at")}});

}  // namespace
}  // namespace nap
