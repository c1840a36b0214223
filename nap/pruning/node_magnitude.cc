// node_magnitude: an operation's weight against the others' that its node sums: |mixing weight|
// over the root mean square of the node's. Whatever reads a node normalises it, so that all weights
// into a node could be multiplied by anything without a change to the network. Only this quotient
// can be compared between nodes.
#include <cmath>
#include <vector>

#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class NodeMagnitude final : public PruningCriterion {
 public:
  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    const CandidateSpace& space = view.space();
    NumberTable scores = view.MixingWeights();
    for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
      const CellTopology& topology = space.cell_types[cell];
      const std::vector<CandidateId> living = LivingOperations(space, view.living(), cell);
      std::vector<double> squares(topology.EndNode()), count(topology.EndNode());
      for (const CandidateId& id : living) {
        const int node = topology.edges[id.edge].target;
        squares[node] += scores[id] * scores[id];
        count[node] += 1;
      }
      for (const CandidateId& id : living) {
        const int node = topology.edges[id.edge].target;
        const double mean_square = squares[node] / count[node];
        scores[id] = mean_square == 0 ? 0 : std::abs(scores[id]) / std::sqrt(mean_square);
      }
    }
    return scores;
  }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "node_magnitude", {"|mixing weight| over the root mean square of those into the same node",
                       [](const CandidateSpace&, const ParameterValues&) {
                         return std::make_unique<NodeMagnitude>();
                       }});

}  // namespace
}  // namespace nap
