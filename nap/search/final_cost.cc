#include "nap/search/final_cost.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "nap/base/status_macros.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"

namespace nap {
namespace {

absl::StatusOr<NetworkCostModel<Cost>> ModelOf(const FinalNetwork& network,
                                               const SearchSpace& search_space,
                                               const CandidateSpace& space) {
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, search_space.Plan(network.network));
  return MakeCostModel(plan, space, network.image);
}

// Of what is added up, as `number` reads it.
template <typename T, typename Number>
NumberTable CandidateNumbers(const NetworkCostModel<T>& model, const CandidateSpace& space,
                             const Number& number) {
  const CandidateTable<T> costs = model.CandidateCosts();
  NumberTable numbers(space);
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    const std::vector<T>& from = costs.Values(cell);
    std::transform(from.begin(), from.end(), numbers.Values(cell).begin(), number);
  }
  return numbers;
}

template <typename T, typename Number>
CostLimit MakeLimit(const char* flag, double limit, const NetworkCostModel<T>& model,
                    const CandidateSpace& space, const Number& number) {
  CostLimit made{flag, limit, number(model.Base()), {}, CandidateNumbers(model, space, number)};
  for (const std::vector<T>& costs : model.InputCosts()) {
    made.inputs.emplace_back();
    std::transform(costs.begin(), costs.end(), std::back_inserter(made.inputs.back()), number);
  }
  return made;
}

double Parameters(const Cost& cost) { return static_cast<double>(cost.parameters); }
double MultAdds(const Cost& cost) { return static_cast<double>(cost.mult_adds); }
double Nanoseconds(int64_t latency) { return static_cast<double>(latency); }

}  // namespace

absl::StatusOr<NumberTable> FindFinalParameters(const FinalNetwork& network,
                                                const SearchSpace& search_space,
                                                const CandidateSpace& space) {
  NAP_ASSIGN_OR_RETURN(const auto model, ModelOf(network, search_space, space));
  return CandidateNumbers(model, space, Parameters);
}

absl::StatusOr<FinalCosts> FindFinalCosts(const SearchOptions& options,
                                          const SearchSpace& search_space,
                                          const CandidateSpace& space) {
  FinalCosts costs{{}, NumberTable(space)};
  const FinalNetwork& network = options.final_network;
  if (options.max_parameters > 0 || options.max_mult_adds > 0 || options.cost_exponent > 0) {
    NAP_ASSIGN_OR_RETURN(const auto model, ModelOf(network, search_space, space));
    if (options.max_parameters > 0) {
      costs.limits.push_back(
          MakeLimit("max_parameters", options.max_parameters, model, space, Parameters));
    }
    if (options.max_mult_adds > 0) {
      costs.limits.push_back(
          MakeLimit("max_mult_adds", options.max_mult_adds, model, space, MultAdds));
    }
    costs.weighed = CandidateNumbers(model, space,
                                     options.cost == CostKind::kParameters ? Parameters : MultAdds);
  }
  // Read or not, the network that is found will be told by it.
  if (options.latency != nullptr) {
    NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, search_space.Plan(network.network));
    NAP_ASSIGN_OR_RETURN(const auto model,
                         MakeLatencyModel(plan, space, network.image, *options.latency));
    if (options.max_latency_ms > 0) {
      costs.limits.push_back(
          MakeLimit("max_latency_ms",
                    std::max(1., std::round(options.max_latency_ms * kNanosecondsAMillisecond)),
                    model, space, Nanoseconds));
      costs.limits.back().decimals = 6;
    }
    if (options.cost == CostKind::kLatency) {
      costs.weighed = CandidateNumbers(model, space, Nanoseconds);
    }
  }
  return costs;
}

}  // namespace nap
