// ablation: how much the validation loss grows when that one operation is masked out (the
// perturbation of DARTS-PT, Wang et al. 2021). One pass over the batches an operation.
#include <optional>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class Ablation final : public PruningCriterion {
 public:
  explicit Ablation(int64_t batches) : batches_(batches) {}

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    const std::vector<CandidateId> ids = LivingOperations(view.space(), view.living());
    // The first is that of the whole network.
    NAP_ASSIGN_OR_RETURN(const std::vector<SearchView::Numbers> losses,
                         view.ShareOut(static_cast<int64_t>(ids.size()) + 1, [&](int64_t item) {
                           const auto without =
                               item == 0 ? std::nullopt : std::make_optional(ids[item - 1]);
                           return SearchView::Numbers{view.ValidationLoss(batches_, without)};
                         }));
    NumberTable scores(view.space());
    for (size_t i = 0; i < ids.size(); ++i) scores[ids[i]] = losses[i + 1][0] - losses[0][0];
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
