// What the tracks of a search prune to.
#ifndef NAP_SEARCH_TRACK_BUDGET_H_
#define NAP_SEARCH_TRACK_BUDGET_H_

#include <absl/status/statusor.h>

#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/pruner.h"
#include "nap/pruning/schedule.h"
#include "nap/search/search_options.h"
#include "nap/search_space/search_space.h"

namespace nap {

struct TrackBudget {
  double limit;  // on SearchOptions::front, in the unit of its option; 0: none
  Pruner pruner;
};

// First that of the options, then those of the other points of their front, ever cheaper: with
// limits that divide what lies between the cheapest network that can be asked for and the options'
// own limit, or else the dearest network that they allow, into as many equal parts as there are
// points. Each is that of a search with this limit among its options. InvalidArgument if a limit
// cannot be met or the limits would not differ, FindFinalCosts' errors.
absl::StatusOr<std::vector<TrackBudget>> MakeTrackBudgets(const SearchOptions& options,
                                                          const SearchSpace& search_space,
                                                          const CandidateSpace& space,
                                                          const PruningSchedule& schedule);

}  // namespace nap

#endif  // NAP_SEARCH_TRACK_BUDGET_H_
