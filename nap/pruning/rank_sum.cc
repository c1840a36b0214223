// rank_sum: several criteria together, by the sum of an operation's ranks among those that live.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/statistics.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

struct Part {
  std::string name;
  std::unique_ptr<PruningCriterion> criterion;
};
using Criteria = std::vector<Part>;

class RankSum final : public PruningCriterion {
 public:
  explicit RankSum(Criteria criteria) : criteria_(std::move(criteria)) {}

  void ObserveStrengthStep(const NumberTable& strengths, const NumberTable& gradients) override {
    for (const auto& [name, criterion] : criteria_) {
      criterion->ObserveStrengthStep(strengths, gradients);
    }
  }

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    const CandidateSpace& space = view.space();
    const std::vector<CandidateId> ids = LivingOperations(space, view.living());
    NumberTable sums(space);
    for (const auto& [name, criterion] : criteria_) {
      NAP_ASSIGN_OR_RETURN(const NumberTable scores, ScoreToTheEnd(*criterion, view));
      std::vector<double> values;
      for (const CandidateId& id : ids) {
        values.push_back(scores[id]);
        if (std::isfinite(values.back())) continue;
        return absl::InvalidArgumentError(
            absl::StrCat("rank_sum: the criterion ", name, " gives ", values.back()));
      }
      const std::vector<double> ranks = RanksOf(values);
      for (size_t i = 0; i < ids.size(); ++i) sums[ids[i]] += ranks[i];
    }
    return sums;
  }

  std::vector<double> State() const override { return OfAll(&PruningCriterion::State); }

  absl::Status SetState(const std::vector<double>& state) override {
    auto begin = state.begin();
    for (const auto& [name, criterion] : criteria_) {
      const auto size = static_cast<std::ptrdiff_t>(criterion->State().size());
      if (state.end() - begin < size) {
        return absl::InvalidArgumentError("not a state of the criterion rank_sum");
      }
      NAP_RETURN_IF_ERROR(criterion->SetState({begin, begin + size}));
      begin += size;
    }
    if (begin == state.end()) return absl::OkStatus();
    return absl::InvalidArgumentError("not a state of the criterion rank_sum");
  }

  std::vector<std::string> scores() const override { return OfAll(&PruningCriterion::scores); }
  std::vector<int64_t> network_cells() const override {
    return OfAll(&PruningCriterion::network_cells);
  }

  // As often as one of them wants it.
  int64_t RemovalsPerScoring(int64_t living) const override {
    int64_t fewest = 0;
    for (const auto& [name, criterion] : criteria_) {
      const int64_t removals = criterion->RemovalsPerScoring(living);
      if (removals > 0) fewest = fewest > 0 ? std::min(fewest, removals) : removals;
    }
    return fewest;
  }

  bool works_before_training() const override {
    return std::all_of(criteria_.begin(), criteria_.end(),
                       [](const Part& part) { return part.criterion->works_before_training(); });
  }

 private:
  // What each criterion answers, one behind the other.
  template <typename Value>
  std::vector<Value> OfAll(std::vector<Value> (PruningCriterion::*ask)() const) const {
    std::vector<Value> all;
    for (const auto& [name, criterion] : criteria_) {
      const std::vector<Value> answer = (criterion.get()->*ask)();
      all.insert(all.end(), answer.begin(), answer.end());
    }
    return all;
  }

  const Criteria criteria_;
};

absl::StatusOr<std::unique_ptr<PruningCriterion>> Make(const CandidateSpace& space,
                                                       const ParameterValues& parameters) {
  Criteria criteria;
  for (const std::string& name : SplitNames(parameters.Text("of"))) {
    NAP_ASSIGN_OR_RETURN(auto criterion, MakeCriterion(NestedText(name), space));
    criteria.push_back({name, std::move(criterion)});
  }
  if (criteria.empty()) {
    return absl::InvalidArgumentError(
        "of= names no criterion; give some with '+' between them: of=activation_kernel+parameters");
  }
  return std::make_unique<RankSum>(std::move(criteria));
}

const bool registered = PruningCriterionRegistry::Global().Register(
    "rank_sum",
    {"sum of the ranks that several criteria give",
     Make,
     {Parameter::Text("of", "",
                      "criteria, with '+' between them; '/' for ',' in their parameters: "
                      "activation_kernel:images=32/removals=4+ablation")}});

}  // namespace
}  // namespace nap
