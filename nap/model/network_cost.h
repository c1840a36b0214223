// The size of the network that a genotype makes.
#ifndef NAP_MODEL_NETWORK_COST_H_
#define NAP_MODEL_NETWORK_COST_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
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

// Says what each part of a network costs, whatever is added up. Sizes are those of what a part
// reads.
template <typename T>
class PartCosts {
 public:
  virtual ~PartCosts() = default;

  virtual T Stem(const NetworkPlan& plan, ImageSize image) = 0;
  virtual T Head(const NetworkPlan& plan, ImageSize size) = 0;  // up to the logits
  virtual T Input(const CellInputPlan& input, int64_t channels, ImageSize size) = 0;
  // With what it takes to add its output to a node.
  virtual absl::StatusOr<T> Operation(const std::string& name, int64_t channels, int64_t stride,
                                      ImageSize size) = 0;
  // What is left of a cell. `size`: of its nodes.
  virtual T Cell(const CellTopology& topology, int64_t channels, ImageSize size) = 0;
};

// What the networks of a plan cost, for whoever asks often: every part has been asked once at every
// place where it stands. T: Cost, or a number.
template <typename T>
class NetworkCostModel {
 public:
  // For an image of this size. The first error of `parts`.
  static absl::StatusOr<NetworkCostModel> Create(const NetworkPlan& plan,
                                                 const CandidateSpace& space, ImageSize image,
                                                 PartCosts<T>* parts);

  // Of a genotype whose operations are among the candidates.
  T Of(const Genotype& genotype) const;

  // The same in parts. A network costs as much as its base, all but the inputs that are read and
  // its operations, and these together; less only if some cells do not count (CellsThatCount). What
  // an operation or an input costs is that in all cells of its type. InputCosts: [cell
  // type][input].
  T Base() const;
  std::vector<std::vector<T>> InputCosts() const;
  CandidateTable<T> CandidateCosts() const;

 private:
  struct CellCosts {
    std::vector<T> operations;  // edge after edge, each with all its operations
    std::vector<T> inputs;
    T rest;
  };

  NetworkCostModel(NetworkPlan plan, CandidateSpace space)
      : plan_(std::move(plan)), space_(std::move(space)) {}

  NetworkPlan plan_;
  CandidateSpace space_;
  T ends_ = {};                   // stem and head
  std::vector<CellCosts> cells_;  // in the plan's order
};

extern template class NetworkCostModel<Cost>;
extern template class NetworkCostModel<int64_t>;

// Of parameters and multiply-adds, as NetworkCost counts them. InvalidArgument for an unknown
// operation.
absl::StatusOr<NetworkCostModel<Cost>> MakeCostModel(const NetworkPlan& plan,
                                                     const CandidateSpace& space, ImageSize image);

// The space of a genotype's own operations.
CandidateSpace SpaceOf(const std::vector<CellTopology>& cell_types, const Genotype& genotype);

// Parameters and multiply-adds for one image of this size: stem, cells with affine batch norms,
// classifier; no auxiliary head. Cells and cell inputs that nothing reads are not computed and not
// counted. `cell_types` are the search space's. InvalidArgument for an unknown operation.
absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image);

}  // namespace nap

#endif  // NAP_MODEL_NETWORK_COST_H_
