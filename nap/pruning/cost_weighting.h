// Makes any criterion see what an operation costs.
#ifndef NAP_PRUNING_COST_WEIGHTING_H_
#define NAP_PRUNING_COST_WEIGHTING_H_

#include <memory>

#include "nap/architecture/candidates.h"
#include "nap/pruning/criterion.h"

namespace nap {

// A criterion whose score is `criterion`'s, divided by (1 + cost / mean cost)^exponent, or, where
// it is negative, multiplied by it: at equal scores the more expensive operation is pruned first.
// `costs`: at least 0; the mean is over all candidates of the space but zero operations.
std::unique_ptr<PruningCriterion> WeightByCost(std::unique_ptr<PruningCriterion> criterion,
                                               const CandidateSpace& space,
                                               const NumberTable& costs, double exponent);

}  // namespace nap

#endif  // NAP_PRUNING_COST_WEIGHTING_H_
