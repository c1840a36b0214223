#include "nap/pruning/pruner.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>

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
  for (const CellTopology& cell : space.cells) {
    const int most = static_cast<int>(cell.edges.size()) *
                     std::min(options.operations_per_edge, CountRanked(space));
    if (options.operations_per_cell < cell.num_nodes || options.operations_per_cell > most) {
      return absl::InvalidArgumentError(
          absl::StrCat("a budget of ", options.operations_per_cell, " operations does not fit the ",
                       cell.name, " cell, which takes from ", cell.num_nodes, " (one a node) to ",
                       most, " (every edge full)"));
    }
  }
  return Pruner(space, options, schedule);
}

absl::StatusOr<std::vector<CandidateId>> Pruner::Prune(const ScoreTable& scores, double progress,
                                                       LivingTable* living) const {
  const int num_cells = static_cast<int>(space_.cells.size());
  for (int cell = 0; cell < num_cells; ++cell) {
    for (const CandidateId& id : LivingOperations(space_, *living, cell)) {
      if (!std::isfinite(scores[id])) {
        return absl::InvalidArgumentError(absl::StrCat(
            "the pruning criterion gave ", scores[id], " to ", space_.operations[id.operation].name,
            " on edge ", id.edge, " of the ", space_.cells[cell].name, " cell"));
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

// One pass from the weakest to the strongest is enough. An operation may go if its node keeps
// another one, and if the edges could still hold the final budget: the sum over the edges of
// min(living, operations_per_edge) must not fall below it. Both conditions only get harder to meet
// as more is removed, so what was passed over stays. And as long as there are more operations than
// the budget, some operation meets both: one of an edge with too many, or, when no edge has too
// many, one of a node that has two, which exists since the budget is at least one a node. So the
// pass never ends early. At the budget itself the second condition says that no edge has too many.
void Pruner::PruneCell(int cell, const ScoreTable& scores, int keep, LivingTable* living,
                       std::vector<CandidateId>* removed) const {
  const CellTopology& topology = space_.cells[cell];
  std::vector<CandidateId> weakest_first = LivingOperations(space_, *living, cell);
  std::vector<int> on_edge(topology.edges.size()), at_node(topology.EndNode());
  int room = 0;  // the sum of min(living, operations_per_edge)
  for (const CandidateId& id : weakest_first) {
    if (on_edge[id.edge]++ < options_.operations_per_edge) ++room;
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
    const bool takes_room = on_edge[id.edge] <= options_.operations_per_edge;
    if (at_node[node] == 1 || (takes_room && room == options_.operations_per_cell)) continue;
    (*living)[id] = false;
    removed->push_back(id);
    --left;
    --at_node[node];
    if (takes_room) --room;
    if (--on_edge[id.edge] > 0) continue;
    for (int operation = 0; operation < space_.NumOperations(); ++operation) {
      const CandidateId zero{cell, id.edge, operation};
      if (!(*living)[zero]) continue;
      (*living)[zero] = false;
      removed->push_back(zero);
    }
  }
}

}  // namespace nap
