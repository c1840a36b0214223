// The size of the network that a genotype makes.
#ifndef NAP_MODEL_NETWORK_COST_H_
#define NAP_MODEL_NETWORK_COST_H_

#include <absl/status/statusor.h>

#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

// Parameters and multiply-adds for one image of this size: stem, cells with affine batch norms,
// classifier; no auxiliary head. Cell inputs that no operation reads are not computed and not
// counted. `cell_types` are the search space's. InvalidArgument for an unknown operation.
absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image);

}  // namespace nap

#endif  // NAP_MODEL_NETWORK_COST_H_
