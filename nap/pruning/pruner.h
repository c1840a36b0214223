// Removes the weakest operations over the whole topology.
#ifndef NAP_PRUNING_PRUNER_H_
#define NAP_PRUNING_PRUNER_H_

#include <absl/status/statusor.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/schedule.h"

namespace nap {

struct PrunerOptions {
  static constexpr int kAnyNumber = std::numeric_limits<int>::max();  // only with a CostLimit

  int operations_per_cell = 8;  // the final budget of each cell type; DARTS keeps as many
  int operations_per_edge = 1;  // at most, in the end
  int operations_per_node = 0;  // at most, in the end, over all edges to the node; 0: any number
};

// What the network may cost in the end: `base`, the cell inputs that are read by an operation and
// the operations themselves, of all cell types together. Plain numbers, none of inputs and
// operations negative: the pruner does not know what they are of. Whole ones add up to the same in
// any order.
struct CostLimit {
  std::string flag;  // that set it, for messages
  double limit;
  double base;
  std::vector<std::vector<double>> inputs;  // [cell type][input]
  NumberTable operations;
  int decimals = 0;  // the numbers are the flag's, times ten to the power of it
};

// From the cheapest operation at each node, every input paid for, to the dearest operations of a
// budget.
struct CostRange {
  double least, most;
};

// Its promises, at every milestone: a pruned operation never returns; each intermediate node keeps
// an input; each cell keeps a reader of its last input, the output of the cell before it, without
// which every other cell would be for nothing; all cost limits are met as far as the schedule asks,
// and no limit is in the way of meeting another; among equal scores the operation that is first by
// edge, then by its place among the candidates, is kept. Without cost limits exactly as many
// operations as asked for are left, with them at most as many.
class Pruner {
 public:
  // InvalidArgument if the budget cannot be met: fewer operations than nodes, or more than edges
  // and candidates allow, or a limit below what the cheapest operation at each node costs, every
  // input read.
  static absl::StatusOr<Pruner> Create(const CandidateSpace& space, const PrunerOptions& options,
                                       const PruningSchedule& schedule,
                                       std::vector<CostLimit> limits = {});

  // Brings each cell type of `living` to what the schedule keeps at `progress` in [0, 1], or as
  // near as `most` removals lead, and returns what was removed, in that order; zero operations of
  // emptied edges are included and do not count. InvalidArgument for a score that is not finite;
  // `living` is then unchanged.
  absl::StatusOr<std::vector<CandidateId>> Prune(const NumberTable& scores, double progress,
                                                 LivingTable* living,
                                                 int64_t most = PrunerOptions::kAnyNumber) const;

  // Removes what is not in the architecture, the lowest scores first, and returns the same.
  std::vector<CandidateId> Keep(const LivingTable& architecture, const NumberTable& scores,
                                LivingTable* living) const;

  // Whether nothing more has to go, whatever the scores.
  bool IsMet(double progress, const LivingTable& living) const;

  // Of what is left in the end: the smallest limit on this cost that can be met for certain, and
  // from where on it would limit nothing. `measure`: its own limit, positive, does not matter.
  CostRange RangeOf(const CostLimit& measure) const;

 private:
  // What some operations add up to.
  struct Totals {
    std::vector<int> operations;          // [cell type]
    std::vector<double> costs;            // [limit]
    std::vector<std::vector<int>> reads;  // [cell type][input]: how many operations read it

    // In what is limited for the operations of this cell type.
    bool Exceed(const Totals& most, int cell) const;
  };
  struct Selection {
    LivingTable has;
    Totals totals;
  };

  Pruner(CandidateSpace space, const PrunerOptions& options, PruningSchedule schedule,
         std::vector<CostLimit> limits)
      : space_(std::move(space)),
        options_(options),
        schedule_(std::move(schedule)),
        limits_(std::move(limits)) {}

  absl::Status Validate() const;
  absl::Status CheckScores(const NumberTable& scores, const LivingTable& living) const;

  Totals Nothing() const;
  Totals Budget() const;
  Totals Allowed(double progress) const;
  bool MeetsLimits(const Totals& totals) const;
  void Add(const CandidateId& id, Totals* totals) const { Change(id, 1, totals); }
  void Subtract(const CandidateId& id, Totals* totals) const { Change(id, -1, totals); }
  void Change(const CandidateId& id, int by, Totals* totals) const;

  // One of them at each node, one of a cell's a reader of its last input if there is any. All cell
  // inputs are counted, so that it costs less than any other such choice, whatever that reads.
  Selection CheapestAtNodes(const std::vector<CandidateId>& operations) const;

  // As many of them as edges and nodes may have in the end, one of a cell's a reader of its last
  // input if there is any.
  Selection StrongestThatFit(const std::vector<CandidateId>& weakest_first) const;
  // The same, but for readers: `first` are taken before the others.
  Selection StrongestThatFit(const std::vector<CandidateId>& weakest_first,
                             const std::vector<CandidateId>& first) const;

  bool ReadsLastInput(const CandidateId& id) const;

  // The value at the node to which the operation's edge leads; `values`: [cell type][node].
  int& NodeOf(const CandidateId& id, std::vector<std::vector<int>>* values) const;

  // With it the zero operations of its edge if that is empty then.
  void Remove(const CandidateId& id, LivingTable* living, std::vector<CandidateId>* removed) const;

  CandidateSpace space_;
  PrunerOptions options_;
  PruningSchedule schedule_;
  std::vector<CostLimit> limits_;
};

}  // namespace nap

#endif  // NAP_PRUNING_PRUNER_H_
