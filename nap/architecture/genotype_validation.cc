#include "nap/architecture/genotype_validation.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>
#include <string>

#include "nap/base/plugin_hint.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

bool HasEdge(const CellTopology& topology, int source, int target) {
  return std::any_of(topology.edges.begin(), topology.edges.end(), [&](const Edge& edge) {
    return edge.source == source && edge.target == target;
  });
}

absl::Status ValidateCell(const CellGenotype& cell, const CellTopology& topology) {
  const auto error = [&](const auto&... what) {
    return absl::InvalidArgumentError(
        absl::StrCat("genotype: the ", CellTitle(cell.name), " ", what...));
  };
  if (cell.name != topology.name)
    return error("stands where the ", CellTitle(topology.name), " should");
  if (static_cast<int>(cell.nodes.size()) != topology.num_nodes) {
    return error("has ", cell.nodes.size(), " nodes instead of ", topology.num_nodes);
  }
  if (topology.concat_is_free) {
    const absl::Status status = ValidateConcat(cell.concat, topology);
    if (!status.ok()) return error("cannot be: ", status.message());
  } else if (cell.concat != topology.concat) {
    return error("concatenates [", absl::StrJoin(cell.concat, ", "), "] instead of [",
                 absl::StrJoin(topology.concat, ", "), "]");
  }
  for (int node = topology.FirstNode(); node < topology.EndNode(); ++node) {
    const auto& inputs = cell.nodes[node - topology.FirstNode()];
    for (const GenotypeInput& input : inputs) {
      if (!HasEdge(topology, input.source, node)) {
        return error("has no edge from node ", input.source, " to node ", node);
      }
    }
  }
  return absl::OkStatus();
}

// All that are unknown, each at the first place where it stands.
absl::Status ValidateOperations(const Genotype& genotype,
                                const std::vector<CellTopology>& cell_types,
                                const std::vector<std::string>& operations) {
  std::set<std::string> seen(operations.begin(), operations.end());
  std::vector<std::string> unknown;
  for (size_t i = 0; i < cell_types.size(); ++i) {
    int node = cell_types[i].FirstNode();
    for (const auto& inputs : genotype.cells[i].nodes) {
      for (const GenotypeInput& input : inputs) {
        if (!seen.insert(input.operation).second) continue;
        unknown.push_back(absl::StrCat("'", absl::Utf8SafeCEscape(input.operation), "' (node ",
                                       node, " of the ", CellTitle(cell_types[i].name), ")"));
      }
      ++node;
    }
  }
  if (unknown.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "genotype: unknown operation", unknown.size() > 1 ? "s " : " ", absl::StrJoin(unknown, ", "),
      "; known: ", absl::StrJoin(operations, ", "), kPluginHint));
}

}  // namespace

absl::Status ValidateGenotype(const Genotype& genotype, const std::vector<CellTopology>& cell_types,
                              const std::vector<std::string>& operations) {
  const size_t num_cells = genotype.cells.size();
  if (num_cells > cell_types.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "genotype: the ", CellTitle(genotype.cells[cell_types.size()].name), " is one too many"));
  }
  for (size_t i = 0; i < cell_types.size(); ++i) {
    if (i == num_cells) {
      return absl::InvalidArgumentError(
          absl::StrCat("genotype: the ", CellTitle(cell_types[i].name), " is missing"));
    }
    NAP_RETURN_IF_ERROR(ValidateCell(genotype.cells[i], cell_types[i]));
  }
  return ValidateOperations(genotype, cell_types, operations);
}

}  // namespace nap
