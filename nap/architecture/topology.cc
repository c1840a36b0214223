#include "nap/architecture/topology.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <algorithm>
#include <set>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

absl::Status ValidateEdges(const CellTopology& cell) {
  int stride = 0;  // of the edges that leave inputs
  for (size_t i = 0; i < cell.edges.size(); ++i) {
    const Edge& edge = cell.edges[i];
    const auto error = [&](const auto&... what) {
      return absl::InvalidArgumentError(
          absl::StrCat("its edge ", edge.source, " -> ", edge.target, " ", what...));
    };
    if (edge.target < cell.FirstNode() || edge.target >= cell.EndNode()) {
      return error("does not lead to an intermediate node, ", cell.FirstNode(), " to ",
                   cell.EndNode() - 1);
    }
    if (edge.source < 0 || edge.source >= edge.target) {
      return error("does not come from a node before its target");
    }
    if (i > 0) {
      const Edge& before = cell.edges[i - 1];
      if (std::pair(before.target, before.source) >= std::pair(edge.target, edge.source)) {
        return error("must stand before ", before.source, " -> ", before.target,
                     ", once: edges are ordered by target, then source");
      }
    }
    const bool from_input = edge.source < cell.num_inputs;
    if (edge.stride < 1 || (!from_input && edge.stride != 1)) {
      return error("has stride ", edge.stride, "; only edges that leave inputs have one above 1");
    }
    if (!from_input) continue;
    if (stride != 0 && edge.stride != stride) {
      return error("has stride ", edge.stride, ", others that leave inputs ", stride);
    }
    stride = edge.stride;
  }
  return absl::OkStatus();
}

}  // namespace

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

std::vector<int> NumInputsOf(const std::vector<CellTopology>& cell_types) {
  std::vector<int> num_inputs;
  for (const CellTopology& type : cell_types) num_inputs.push_back(type.num_inputs);
  return num_inputs;
}

absl::Status ValidateTopology(const CellTopology& cell) {
  if (cell.name.empty()) return absl::InvalidArgumentError("it has no name");
  if (cell.num_inputs < 1 || cell.num_nodes < 1) {
    return absl::InvalidArgumentError(absl::StrCat("it has ", cell.num_inputs, " inputs and ",
                                                   cell.num_nodes,
                                                   " nodes; it needs at least one of each"));
  }
  NAP_RETURN_IF_ERROR(ValidateEdges(cell));
  for (int node = cell.FirstNode(); node < cell.EndNode(); ++node) {
    if (std::none_of(cell.edges.begin(), cell.edges.end(),
                     [node](const Edge& edge) { return edge.target == node; })) {
      return absl::InvalidArgumentError(absl::StrCat("no edge leads to its node ", node));
    }
  }
  return ValidateConcat(cell.concat, cell);
}

absl::Status ValidateConcat(const std::vector<int>& concat, const CellTopology& cell) {
  const std::set<int> parts(concat.begin(), concat.end());
  if (parts.empty() || parts.size() < concat.size() || *parts.begin() < cell.FirstNode() ||
      *parts.rbegin() >= cell.EndNode()) {
    return absl::InvalidArgumentError(
        absl::StrCat("its output is made of [", absl::StrJoin(concat, ", "),
                     "]; it must be intermediate nodes, ", cell.FirstNode(), " to ",
                     cell.EndNode() - 1, ", at least one and each once"));
  }
  return absl::OkStatus();
}

}  // namespace nap
