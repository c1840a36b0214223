#include "nap/search/final_cost.h"

#include "nap/base/status_macros.h"
#include "nap/model/network_cost.h"

namespace nap {

absl::StatusOr<FinalCosts> FindFinalCosts(const SearchOptions& options,
                                          const SearchSpace& search_space,
                                          const CandidateSpace& space) {
  const bool limited = options.max_parameters > 0 || options.max_mult_adds > 0;
  if (!limited && options.cost_exponent == 0) return FinalCosts{{}, ScoreTable(space)};
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, search_space.Plan(options.final_network.network));
  NAP_ASSIGN_OR_RETURN(const NetworkCostModel model,
                       NetworkCostModel::Create(plan, space, options.final_network.image));
  FinalCosts costs{{}, model.CandidateCosts(&Cost::mult_adds)};
  const auto add_limit = [&](const char* flag, double limit, int64_t Cost::*what) {
    if (limit == 0) return;
    costs.limits.push_back({flag, limit, static_cast<double>(model.Ends().*what),
                            model.InputCosts(what), model.CandidateCosts(what)});
  };
  add_limit("max_parameters", options.max_parameters, &Cost::parameters);
  add_limit("max_mult_adds", options.max_mult_adds, &Cost::mult_adds);
  return costs;
}

}  // namespace nap
