// What the candidates cost in the network that a search is for.
#ifndef NAP_SEARCH_FINAL_COST_H_
#define NAP_SEARCH_FINAL_COST_H_

#include <absl/status/statusor.h>

#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/pruner.h"
#include "nap/search/search_options.h"
#include "nap/search_space/search_space.h"

namespace nap {

struct FinalCosts {
  std::vector<CostLimit> limits;  // of those options that set one
  // SearchOptions::cost of each candidate, in all cells of its type together; zeros if no option
  // asks.
  NumberTable weighed;
};

// Of each candidate, in all cells of its type together. InvalidArgument if there can be no such
// network.
absl::StatusOr<NumberTable> FindFinalParameters(const FinalNetwork& network,
                                                const SearchSpace& search_space,
                                                const CandidateSpace& space);

// InvalidArgument if there can be no such network, or if the latency table lacks what an option
// needs.
absl::StatusOr<FinalCosts> FindFinalCosts(const SearchOptions& options,
                                          const SearchSpace& search_space,
                                          const CandidateSpace& space);

}  // namespace nap

#endif  // NAP_SEARCH_FINAL_COST_H_
