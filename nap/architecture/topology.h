// The graph of a cell, before anybody says which operation goes where.
#ifndef NAP_ARCHITECTURE_TOPOLOGY_H_
#define NAP_ARCHITECTURE_TOPOLOGY_H_

#include <absl/status/status.h>

#include <string>
#include <vector>

namespace nap {

// Node ids: 0 .. num_inputs-1 are the cell's inputs, num_inputs .. num_inputs+num_nodes-1 the
// intermediate nodes.
struct Edge {
  int source;  // any node
  int target;  // an intermediate node after `source`
  int stride;  // 2 on the edges that leave an input of a reduction cell, else 1
};

struct CellTopology {
  std::string name;  // "normal" or "reduce" in the darts space
  int num_inputs;
  int num_nodes;
  std::vector<int> concat;  // the nodes whose outputs, side by side, are the cell's output

  // Sorted by target, then source: the order in which everything that is stored an edge is kept.
  std::vector<Edge> edges;

  bool concat_is_free = false;  // whether a genotype may say that other nodes are the output

  // Every intermediate node is joined with every node before it and belongs to the output.
  static CellTopology Dense(std::string name, int num_inputs, int num_nodes, int input_stride);

  // The place of the edge among `edges`; it must be there.
  int EdgeOf(int source, int target) const;

  int StrideOf(int source, int target) const { return edges[EdgeOf(source, target)].stride; }

  int FirstNode() const { return num_inputs; }
  int EndNode() const { return num_inputs + num_nodes; }
};

// Of each.
std::vector<int> NumInputsOf(const std::vector<CellTopology>& cell_types);

// Whether cells can be made of it: edges in their order, each once, from a node before their
// target, with one stride on all that leave inputs and 1 on the others; every intermediate node is
// a target; the output is made of intermediate nodes, each once. InvalidArgument that names what is
// wrong.
absl::Status ValidateTopology(const CellTopology& cell);

// The part of it that is about the output.
absl::Status ValidateConcat(const std::vector<int>& concat, const CellTopology& cell);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_TOPOLOGY_H_
