// The size of the network that a genotype makes.
#ifndef NAP_MODEL_NETWORK_COST_H_
#define NAP_MODEL_NETWORK_COST_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

// Which cells' outputs reach the classifier: where no operation reads a cell's input, nothing may
// read the cell before it. `auxiliary`: a cell that an auxiliary head reads too, or -1.
std::vector<bool> CellsThatCount(const NetworkPlan& plan, const Genotype& genotype,
                                 int64_t auxiliary = -1);

// What the networks of a plan cost, for whoever asks often: every candidate operation has been
// asked once at every size at which it stands.
class NetworkCostModel {
 public:
  // For an image of this size. InvalidArgument for an unknown operation.
  static absl::StatusOr<NetworkCostModel> Create(const NetworkPlan& plan,
                                                 const CandidateSpace& space, ImageSize image);

  // What NetworkCost says of a genotype whose operations are among the candidates.
  Cost Of(const Genotype& genotype) const;

  // The same in parts. A network costs as much as its ends, stem and classifier, the inputs that
  // are read and its operations together; less only if some cells do not count (CellsThatCount).
  // What an operation or an input costs is that in all cells of its type. `what`: &Cost::parameters
  // or &Cost::mult_adds; InputCosts: [cell type][input].
  Cost Ends() const { return ends_; }
  std::vector<std::vector<double>> InputCosts(int64_t Cost::*what) const;
  ScoreTable CandidateCosts(int64_t Cost::*what) const;

 private:
  struct CellCosts {
    std::vector<Cost> operations;  // edge after edge, each with all its operations
    std::vector<Cost> inputs;
  };

  NetworkCostModel(NetworkPlan plan, CandidateSpace space)
      : plan_(std::move(plan)), space_(std::move(space)) {}

  NetworkPlan plan_;
  CandidateSpace space_;
  Cost ends_;
  std::vector<CellCosts> cells_;  // in the plan's order
};

// Parameters and multiply-adds for one image of this size: stem, cells with affine batch norms,
// classifier; no auxiliary head. Cells and cell inputs that nothing reads are not computed and not
// counted. `cell_types` are the search space's. InvalidArgument for an unknown operation.
absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image);

}  // namespace nap

#endif  // NAP_MODEL_NETWORK_COST_H_
