#include "nap/pruning/pruner.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>

#include "nap/architecture/genotype.h"

namespace nap {
namespace {

int CountRanked(const CandidateSpace& space) {
  return static_cast<int>(std::count_if(space.operations.begin(), space.operations.end(),
                                        [](const auto& operation) { return !operation.is_zero; }));
}

}  // namespace

absl::StatusOr<Pruner> Pruner::Create(const CandidateSpace& space, const PrunerOptions& options,
                                      const PruningScheduleDefinition& schedule) {
  if (options.operations_per_edge < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an edge must be allowed at least 1 operation; got ", options.operations_per_edge));
  }
  if (options.operations_per_node < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a node must be allowed at least 1 operation, or 0 for any number; got ",
                     options.operations_per_node));
  }
  const Pruner pruner(space, options, schedule);
  for (int cell = 0; cell < static_cast<int>(space.cells.size()); ++cell) {
    const CellTopology& topology = space.cells[cell];
    const int most = pruner.Room(cell, std::vector<int>(topology.edges.size(), CountRanked(space)));
    if (options.operations_per_cell < topology.num_nodes || options.operations_per_cell > most) {
      return absl::InvalidArgumentError(
          absl::StrCat("a budget of ", options.operations_per_cell, " operations does not fit the ",
                       CellTitle(topology.name), ", which takes from ", topology.num_nodes,
                       " (one a node) to ", most, " (every edge and node full)"));
    }
  }
  return pruner;
}

absl::StatusOr<std::vector<CandidateId>> Pruner::Prune(const ScoreTable& scores, double progress,
                                                       LivingTable* living) const {
  const int num_cells = static_cast<int>(space_.cells.size());
  for (int cell = 0; cell < num_cells; ++cell) {
    for (const CandidateId& id : LivingOperations(space_, *living, cell)) {
      if (!std::isfinite(scores[id])) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the pruning criterion gave ", scores[id], " to ", space_.operations[id.operation].name,
            " on edge ", id.edge, " of the ", CellTitle(space_.cells[cell].name)));
      }
    }
  }
  std::vector<CandidateId> removed;
  for (int cell = 0; cell < num_cells; ++cell) {
    const int initial = space_.NumEdges(cell) * CountRanked(space_);
    PruneCell(cell, scores,
              OperationsToKeep(schedule_, progress, initial, options_.operations_per_cell), living,
              &removed);
  }
  return removed;
}

int Pruner::Room(int cell, const std::vector<int>& on_edge) const {
  const CellTopology& topology = space_.cells[cell];
  std::vector<int> at_node(topology.EndNode());
  for (size_t edge = 0; edge < on_edge.size(); ++edge) {
    at_node[topology.edges[edge].target] += std::min(on_edge[edge], options_.operations_per_edge);
  }
  int room = 0;
  for (int operations : at_node) {
    room += options_.operations_per_node == 0 ? operations
                                              : std::min(operations, options_.operations_per_node);
  }
  return room;
}

// One pass from the weakest to the strongest is enough. An operation may go if its node keeps
// another one, and if the room for the final network does not fall below the budget. Both
// conditions only get harder to meet as more is removed, so what was passed over stays.
//
// The pass never ends early: as long as there are more operations than the budget, one may go.
// Either there are more than there is room for; then some edge or node holds too many, and one of
// those goes without taking room. Or there is room for all, more than the budget, and any may go
// whose node has two; there is one since the budget is at least one a node. At the budget itself
// there is room for all of it: no edge and no node holds too many.
void Pruner::PruneCell(int cell, const ScoreTable& scores, int keep, LivingTable* living,
                       std::vector<CandidateId>* removed) const {
  const CellTopology& topology = space_.cells[cell];
  std::vector<CandidateId> weakest_first = LivingOperations(space_, *living, cell);
  std::vector<int> on_edge(topology.edges.size()), at_node(topology.EndNode());
  for (const CandidateId& id : weakest_first) {
    ++on_edge[id.edge];
    ++at_node[topology.edges[id.edge].target];
  }
  std::sort(weakest_first.begin(), weakest_first.end(),
            [&](const CandidateId& a, const CandidateId& b) {
              return scores[a] != scores[b] ? scores[a] < scores[b] : b < a;
            });
  int left = static_cast<int>(weakest_first.size());
  for (const CandidateId& id : weakest_first) {
    if (left <= keep) return;
    const int node = topology.edges[id.edge].target;
    --on_edge[id.edge];
    if (at_node[node] == 1 || Room(cell, on_edge) < options_.operations_per_cell) {
      ++on_edge[id.edge];
      continue;
    }
    (*living)[id] = false;
    removed->push_back(id);
    --left;
    --at_node[node];
    if (on_edge[id.edge] > 0) continue;
    for (int operation = 0; operation < space_.NumOperations(); ++operation) {
      const CandidateId zero{cell, id.edge, operation};
      if (!(*living)[zero]) continue;
      (*living)[zero] = false;
      removed->push_back(zero);
    }
  }
}

}  // namespace nap
