#include "nap/search/track_budget.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cmath>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/search/final_cost.h"

namespace nap {
namespace {

double& LimitOf(CostKind kind, SearchOptions* options) {
  switch (kind) {
    case CostKind::kLatency:
      return options->max_latency_ms;
    case CostKind::kParameters:
      return options->max_parameters;
    case CostKind::kMultAdds:
      break;
  }
  return options->max_mult_adds;
}

absl::StatusOr<TrackBudget> MakeBudget(SearchOptions options, const SearchSpace& search_space,
                                       const CandidateSpace& space,
                                       const PruningSchedule& schedule) {
  NAP_ASSIGN_OR_RETURN(FinalCosts costs, FindFinalCosts(options, search_space, space));
  NAP_ASSIGN_OR_RETURN(Pruner pruner,
                       Pruner::Create(space, options.budget, schedule, std::move(costs.limits)));
  return TrackBudget{LimitOf(options.front, &options), std::move(pruner)};
}

// What the points are limited in; the limit itself means nothing.
absl::StatusOr<CostLimit> FindMeasure(SearchOptions options, const SearchSpace& search_space,
                                      const CandidateSpace& space) {
  options.max_parameters = options.max_mult_adds = options.max_latency_ms = 0;
  LimitOf(options.front, &options) = 1;
  NAP_ASSIGN_OR_RETURN(const FinalCosts costs, FindFinalCosts(options, search_space, space));
  return costs.limits.front();
}

}  // namespace

absl::StatusOr<std::vector<TrackBudget>> MakeTrackBudgets(const SearchOptions& options,
                                                          const SearchSpace& search_space,
                                                          const CandidateSpace& space,
                                                          const PruningSchedule& schedule) {
  std::vector<TrackBudget> budgets;
  NAP_ASSIGN_OR_RETURN(TrackBudget own, MakeBudget(options, search_space, space, schedule));
  budgets.push_back(std::move(own));
  if (options.points == 1) return budgets;
  NAP_ASSIGN_OR_RETURN(const CostLimit measure, FindMeasure(options, search_space, space));
  const double unit = std::pow(10, measure.decimals);
  CostRange range = budgets.front().pruner.RangeOf(measure);
  if (budgets.front().limit > 0) range.most = budgets.front().limit * unit;
  const double step = (range.most - range.least) / options.points;
  if (step < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--points=%d finds no place: the networks of this search have a --%s from %.*f to %.*f",
        options.points, measure.flag, measure.decimals, range.least / unit, measure.decimals,
        range.most / unit));
  }
  for (int point = 1; point < options.points; ++point) {
    SearchOptions limited = options;
    LimitOf(options.front, &limited) =
        std::floor(range.least + step * (options.points - point)) / unit;
    absl::StatusOr<TrackBudget> budget = MakeBudget(limited, search_space, space, schedule);
    if (!budget.ok()) {
      return absl::Status(budget.status().code(),
                          absl::StrCat("point ", point + 1, " of --points=", options.points, ": ",
                                       budget.status().message()));
    }
    budgets.push_back(*std::move(budget));
  }
  return budgets;
}

}  // namespace nap
