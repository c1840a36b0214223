#include "nap/pruning/criterion.h"

#include <algorithm>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<std::vector<SearchView::Numbers>> SearchView::ShareOutPart(int64_t begin,
                                                                          int64_t end,
                                                                          int64_t /*all*/,
                                                                          const Compute& compute) {
  std::vector<Numbers> found;
  for (int64_t item = begin; item < end; ++item) {
    NAP_ASSIGN_OR_RETURN(Numbers numbers, compute(item));
    found.push_back(std::move(numbers));
  }
  return found;
}

absl::StatusOr<NumberTable> ScoreToTheEnd(PruningCriterion& criterion, SearchView& view) {
  absl::StatusOr<NumberTable> scores = criterion.Score(view);
  while (scores.ok() && !criterion.has_decided()) scores = criterion.Score(view);
  return scores;
}

Parameter RemovalsParameter(double value) {
  return Parameter::Number("removals", value, 0,
                           "operations removed before the others are scored anew; below 1: that "
                           "share of the living ones, at least one; 0: all that are to go");
}

int64_t RemovalsOf(double parameter, int64_t living) {
  if (parameter == 0) return 0;
  constexpr double kMany = 1e9;  // more than live
  if (parameter >= 1) return static_cast<int64_t>(std::min(parameter, kMany));
  return std::max<int64_t>(1, static_cast<int64_t>(parameter * static_cast<double>(living)));
}

absl::StatusOr<std::unique_ptr<PruningCriterion>> MakeCriterion(const std::string& criterion,
                                                                const CandidateSpace& space,
                                                                bool trained) {
  auto made = PruningCriterionRegistry::Global().Make(criterion, space);
  if (!made.ok()) return made;
  if (!trained && !(*made)->works_before_training()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--prune_begin=0 prunes before anything is trained, when --criterion=", criterion,
        " has nothing to go by; let --prune_begin be an epoch, up to --epochs, or take a "
        "--method that trains, as nap_ablation"));
  }
  return made;
}

}  // namespace nap
