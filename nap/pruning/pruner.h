// Removes the weakest operations over the whole topology of each cell type.
#ifndef NAP_PRUNING_PRUNER_H_
#define NAP_PRUNING_PRUNER_H_

#include <absl/status/statusor.h>

#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/schedule.h"

namespace nap {

struct PrunerOptions {
  int operations_per_cell = 8;  // the final budget of each cell type; DARTS keeps as many
  int operations_per_edge = 1;  // at most, in the end
  int operations_per_node = 0;  // at most, in the end, over all edges to the node; 0: any number
};

// Its promises, at every milestone: a pruned operation never returns; each intermediate node keeps
// an input; exactly as many operations as asked for are left; among equal scores the operation that
// is first by edge, then by its place among the candidates, is kept.
class Pruner {
 public:
  // InvalidArgument if the budget cannot be met: fewer operations than nodes, or more than edges
  // and candidates allow.
  static absl::StatusOr<Pruner> Create(const CandidateSpace& space, const PrunerOptions& options,
                                       const PruningScheduleDefinition& schedule);

  // Brings each cell type of `living` to what the schedule keeps at `progress` in [0, 1] and
  // returns what was removed, zero operations of emptied edges included. InvalidArgument for a
  // score that is not finite; `living` is then unchanged.
  absl::StatusOr<std::vector<CandidateId>> Prune(const ScoreTable& scores, double progress,
                                                 LivingTable* living) const;

 private:
  Pruner(const CandidateSpace& space, const PrunerOptions& options,
         const PruningScheduleDefinition& schedule)
      : space_(space), options_(options), schedule_(schedule) {}

  // How many operations the final network could keep of so many on each edge of the cell.
  int Room(int cell, const std::vector<int>& on_edge) const;

  void PruneCell(int cell, const ScoreTable& scores, int keep, LivingTable* living,
                 std::vector<CandidateId>* removed) const;

  CandidateSpace space_;
  PrunerOptions options_;
  PruningScheduleDefinition schedule_;
};

}  // namespace nap

#endif  // NAP_PRUNING_PRUNER_H_
