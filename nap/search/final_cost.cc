#include "nap/search/final_cost.h"

#include "nap/base/status_macros.h"
#include "nap/model/network_cost.h"

namespace nap {
namespace {

absl::StatusOr<NetworkCostModel> ModelOf(const FinalNetwork& network,
                                         const SearchSpace& search_space,
                                         const CandidateSpace& space) {
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, search_space.Plan(network.network));
  return NetworkCostModel::Create(plan, space, network.image);
}

}  // namespace

absl::StatusOr<ScoreTable> FindFinalParameters(const FinalNetwork& network,
                                               const SearchSpace& search_space,
                                               const CandidateSpace& space) {
  NAP_ASSIGN_OR_RETURN(const NetworkCostModel model, ModelOf(network, search_space, space));
  return model.CandidateCosts(&Cost::parameters);
}

absl::StatusOr<FinalCosts> FindFinalCosts(const SearchOptions& options,
                                          const SearchSpace& search_space,
                                          const CandidateSpace& space) {
  const bool limited = options.max_parameters > 0 || options.max_mult_adds > 0;
  if (!limited && options.cost_exponent == 0) return FinalCosts{{}, ScoreTable(space)};
  NAP_ASSIGN_OR_RETURN(const NetworkCostModel model,
                       ModelOf(options.final_network, search_space, space));
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
