#include "nap/architecture/topology.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace nap {

CellTopology CellTopology::Dense(std::string name, int num_inputs, int num_nodes,
                                 int input_stride) {
  CellTopology topology{std::move(name), num_inputs, num_nodes, {}, {}};
  for (int target = topology.FirstNode(); target < topology.EndNode(); ++target) {
    topology.concat.push_back(target);
    for (int source = 0; source < target; ++source) {
      topology.edges.push_back({source, target, source < num_inputs ? input_stride : 1});
    }
  }
  return topology;
}

int CellTopology::EdgeOf(int source, int target) const {
  const auto found = std::find_if(edges.begin(), edges.end(), [&](const Edge& edge) {
    return edge.source == source && edge.target == target;
  });
  CHECK(found != edges.end()) << "the " << name << " cell has no edge " << source << " -> "
                              << target;
  return static_cast<int>(found - edges.begin());
}

}  // namespace nap
