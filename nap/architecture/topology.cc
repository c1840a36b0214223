#include "nap/architecture/topology.h"

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

}  // namespace nap
