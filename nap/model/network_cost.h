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

// Which cells' outputs reach the classifier: where no operation reads a cell's input, nothing may
// read the cell before it. `auxiliary`: a cell that an auxiliary head reads too, or -1.
std::vector<bool> CellsThatCount(const NetworkPlan& plan, const Genotype& genotype,
                                 int64_t auxiliary = -1);

// Parameters and multiply-adds for one image of this size: stem, cells with affine batch norms,
// classifier; no auxiliary head. Cells and cell inputs that nothing reads are not computed and not
// counted. `cell_types` are the search space's. InvalidArgument for an unknown operation.
absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image);

}  // namespace nap

#endif  // NAP_MODEL_NETWORK_COST_H_
