#include "nap/pruning/pruner.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "nap/architecture/genotype.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Numbers of operations, [cell type][edge] or [cell type][node].
using Counts = std::vector<std::vector<int>>;

Counts AtNodes(const CandidateSpace& space) {
  Counts counts;
  for (const CellTopology& cell : space.cell_types) counts.emplace_back(cell.EndNode());
  return counts;
}

Counts OnEdges(const CandidateSpace& space) {
  Counts counts;
  for (const CellTopology& cell : space.cell_types) counts.emplace_back(cell.edges.size());
  return counts;
}

// As the flag would say it.
std::string NumberText(double number, const CostLimit& limit) {
  std::string text = absl::StrFormat("%.*f", limit.decimals, number / std::pow(10, limit.decimals));
  if (limit.decimals == 0) return text;
  text.erase(text.find_last_not_of('0') + 1);
  return std::string(absl::StripSuffix(text, "."));
}

std::string FlagText(const CostLimit& limit) {
  return absl::StrCat("--", limit.flag, "=", NumberText(limit.limit, limit));
}

// Living operations; among equal scores the one that is later goes first.
std::vector<CandidateId> WeakestFirst(const CandidateSpace& space, const NumberTable& scores,
                                      const LivingTable& living) {
  std::vector<CandidateId> operations = LivingOperations(space, living);
  std::sort(operations.begin(), operations.end(), [&](const CandidateId& a, const CandidateId& b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : b < a;
  });
  return operations;
}

}  // namespace

absl::StatusOr<Pruner> Pruner::Create(const CandidateSpace& space, const PrunerOptions& options,
                                      const PruningSchedule& schedule,
                                      std::vector<CostLimit> limits) {
  Pruner pruner(space, options, schedule, std::move(limits));
  NAP_RETURN_IF_ERROR(pruner.Validate());
  return pruner;
}

absl::Status Pruner::Validate() const {
  if (options_.operations_per_edge < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an edge must be allowed at least 1 operation; got ", options_.operations_per_edge));
  }
  if (options_.operations_per_node < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a node must be allowed at least 1 operation, or 0 for any number; got ",
                     options_.operations_per_node));
  }
  const std::vector<CandidateId> all = LivingOperations(space_, LivingTable(space_, true));
  const Totals most = StrongestThatFit(all).totals;
  for (size_t cell = 0; cell < space_.cell_types.size(); ++cell) {
    if (!limits_.empty() && options_.operations_per_cell == PrunerOptions::kAnyNumber) break;
    const CellTopology& topology = space_.cell_types[cell];
    if (options_.operations_per_cell < topology.num_nodes ||
        options_.operations_per_cell > most.operations[cell]) {
      return absl::InvalidArgumentError(absl::StrCat(
          "a budget of ", options_.operations_per_cell, " operations does not fit the ",
          CellTitle(topology.name), ", which takes from ", topology.num_nodes, " (one a node) to ",
          most.operations[cell], " (every edge and node full)"));
    }
  }
  for (const CostLimit& limit : limits_) {
    const Pruner alone(space_, options_, schedule_, {limit});
    const double least = alone.CheapestAtNodes(all).totals.costs.front();
    if (least > limit.limit) {
      return absl::InvalidArgumentError(absl::StrCat(
          FlagText(limit), " is out of range: must be at least ", NumberText(least, limit),
          ", what remains with the cheapest operation at each node"));
    }
  }
  if (MeetsLimits(CheapestAtNodes(all).totals)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(absl::StrJoin(limits_, " and ",
                                 [](std::string* text, const CostLimit& limit) {
                                   absl::StrAppend(text, FlagText(limit));
                                 }),
                   " cannot be met together"));
}

absl::Status Pruner::CheckScores(const NumberTable& scores, const LivingTable& living) const {
  for (const CandidateId& id : LivingOperations(space_, living)) {
    if (std::isfinite(scores[id])) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "the pruning criterion gave ", scores[id], " to ", space_.operations[id.operation].name,
        " on edge ", id.edge, " of the ", CellTitle(space_.cell_types[id.cell_type].name)));
  }
  return absl::OkStatus();
}

bool Pruner::Totals::Exceed(const Totals& most, int cell) const {
  if (operations[cell] > most.operations[cell]) return true;
  for (size_t i = 0; i < costs.size(); ++i) {
    if (costs[i] > most.costs[i]) return true;
  }
  return false;
}

int& Pruner::NodeOf(const CandidateId& id, std::vector<std::vector<int>>* values) const {
  return (*values)[id.cell_type][space_.cell_types[id.cell_type].edges[id.edge].target];
}

Pruner::Totals Pruner::Nothing() const {
  Totals totals{std::vector<int>(space_.cell_types.size()), {}, {}};
  for (const CostLimit& limit : limits_) totals.costs.push_back(limit.base);
  for (const CellTopology& cell : space_.cell_types) totals.reads.emplace_back(cell.num_inputs);
  return totals;
}

void Pruner::Change(const CandidateId& id, int by, Totals* totals) const {
  totals->operations[id.cell_type] += by;
  const int source = space_.cell_types[id.cell_type].edges[id.edge].source;
  const bool from_input = source < space_.cell_types[id.cell_type].num_inputs;
  int input_reads = 0;  // more than before, 0 or 1
  if (from_input) {
    int& reads = totals->reads[id.cell_type][source];
    const bool was_read = reads > 0;
    reads += by;
    input_reads = static_cast<int>(reads > 0) - static_cast<int>(was_read);
  }
  for (size_t i = 0; i < limits_.size(); ++i) {
    totals->costs[i] += by * limits_[i].operations[id];
    if (input_reads != 0) totals->costs[i] += input_reads * limits_[i].inputs[id.cell_type][source];
  }
}

Pruner::Totals Pruner::Budget() const {
  Totals budget{std::vector<int>(space_.cell_types.size(), options_.operations_per_cell), {}, {}};
  for (const CostLimit& limit : limits_) budget.costs.push_back(limit.limit);
  return budget;
}

Pruner::Totals Pruner::Allowed(double progress) const {
  Totals initial = Nothing(), allowed = Budget();
  for (const CandidateId& id : LivingOperations(space_, LivingTable(space_, true)))
    Add(id, &initial);
  for (size_t cell = 0; cell < space_.cell_types.size(); ++cell) {
    const int all = initial.operations[cell];
    allowed.operations[cell] =
        OperationsToKeep(schedule_, progress, all, std::min(all, options_.operations_per_cell));
  }
  for (size_t i = 0; i < limits_.size(); ++i) {
    allowed.costs[i] += schedule_(progress) * std::max(0.0, initial.costs[i] - limits_[i].limit);
  }
  return allowed;
}

// Under several limits the cheapest operation is that of the smallest sum of shares of them.
Pruner::Selection Pruner::CheapestAtNodes(const std::vector<CandidateId>& operations) const {
  const auto shares = [&](const CandidateId& id) {
    double sum = 0;
    for (const CostLimit& limit : limits_) sum += limit.operations[id] / limit.limit;
    return sum;
  };
  Counts places = AtNodes(space_);  // in `operations`, from 1; 0: none yet
  for (size_t i = 0; i < operations.size(); ++i) {
    int& place = NodeOf(operations[i], &places);
    if (place == 0 || shares(operations[i]) < shares(operations[place - 1])) {
      place = static_cast<int>(i + 1);
    }
  }
  for (size_t cell = 0; cell < space_.cell_types.size(); ++cell) {
    int reader = 0;  // the one that costs the least more than what its node has
    double least = std::numeric_limits<double>::infinity();
    bool is_read = false;
    for (size_t i = 0; i < operations.size(); ++i) {
      if (operations[i].cell_type != static_cast<int>(cell)) continue;
      if (!ReadsLastInput(operations[i])) continue;
      const auto place = static_cast<int>(i + 1);
      const int chosen = NodeOf(operations[i], &places);
      is_read = is_read || place == chosen;
      const double more = shares(operations[i]) - shares(operations[chosen - 1]);
      if (more >= least) continue;
      least = more;
      reader = place;
    }
    if (!is_read && reader > 0) NodeOf(operations[reader - 1], &places) = reader;
  }
  Selection selection{LivingTable(space_), Nothing()};
  for (const std::vector<int>& nodes : places) {
    for (int place : nodes) {
      if (place == 0) continue;
      selection.has[operations[place - 1]] = true;
      Add(operations[place - 1], &selection.totals);
    }
  }
  for (size_t cell = 0; cell < space_.cell_types.size(); ++cell) {
    for (int input = 0; input < space_.cell_types[cell].num_inputs; ++input) {
      if (selection.totals.reads[cell][input] > 0) continue;
      for (size_t i = 0; i < limits_.size(); ++i) {
        selection.totals.costs[i] += limits_[i].inputs[cell][input];
      }
    }
  }
  return selection;
}

Pruner::Selection Pruner::StrongestThatFit(const std::vector<CandidateId>& weakest_first) const {
  const Selection selection = StrongestThatFit(weakest_first, {});
  std::vector<CandidateId> readers;
  for (int cell = 0; cell < space_.NumCellTypes(); ++cell) {
    if (selection.totals.reads[cell].back() > 0) continue;
    const auto reader = std::find_if(
        weakest_first.rbegin(), weakest_first.rend(),
        [&](const CandidateId& id) { return id.cell_type == cell && ReadsLastInput(id); });
    if (reader != weakest_first.rend()) readers.push_back(*reader);
  }
  return readers.empty() ? selection : StrongestThatFit(weakest_first, readers);
}

Pruner::Selection Pruner::StrongestThatFit(const std::vector<CandidateId>& weakest_first,
                                           const std::vector<CandidateId>& first) const {
  Selection selection{LivingTable(space_), Nothing()};
  Counts on_edge = OnEdges(space_), at_node = AtNodes(space_);
  const auto take = [&](const CandidateId& id) {
    int& edge = on_edge[id.cell_type][id.edge];
    int& node = NodeOf(id, &at_node);
    const bool node_is_full =
        options_.operations_per_node > 0 && node == options_.operations_per_node;
    if (selection.has[id] || edge == options_.operations_per_edge || node_is_full) return;
    ++edge;
    ++node;
    selection.has[id] = true;
    Add(id, &selection.totals);
  };
  std::for_each(first.begin(), first.end(), take);
  std::for_each(weakest_first.rbegin(), weakest_first.rend(), take);
  return selection;
}

bool Pruner::ReadsLastInput(const CandidateId& id) const {
  const CellTopology& cell = space_.cell_types[id.cell_type];
  return cell.edges[id.edge].source == cell.num_inputs - 1;
}

bool Pruner::MeetsLimits(const Totals& totals) const {
  for (size_t i = 0; i < limits_.size(); ++i) {
    if (totals.costs[i] > limits_[i].limit) return false;
  }
  return true;
}

// From the weakest to the strongest, over all cell types together. S are the strongest that fit:
// what would be left if edges and nodes were brought to what they may have in the end. Where there
// is too much of something that it adds to (in the end that is also all that is not in S), an
// operation goes if
// (a) its node keeps another one, and its cell another reader of the last input,
// (b) the limits can still be met for certain: by the cheapest operation at each node, a reader of
//     the last input among them, even if every input is read,
// (c) it is not in S, or S itself is too much of something that it adds to, or a weaker one at its
//     node, not in S, had to stay because of (b). So what has no place in the end goes before what
//     has, and nothing of that goes needlessly.
//
// This never ends early: where there is too much of something, one may go. (S has a reader, and so
// has what is cheapest at the nodes: what is outside of either is never the last one.)
// - If S exceeds a limit, so does all that is left, and some node has more than its cheapest
//   operation, since these alone meet it; so has one in each cell type of too many operations,
//   since the budget is at least one a node. Any but the cheapest of such a node may go.
// - If S meets all limits, there is either an operation outside of it that adds to what is too
//   much; it may go, or, if (b) is in its way, a stronger one of S at its node may, which is not
//   the cheapest one. Or a cell type has nothing outside of S, but too many operations: then any
//   that is not the cheapest at its node.
// As S changes, what was passed over may be free to go because of (c): passes are repeated. Without
// limits (c) only gets harder to meet as more is removed, and the first pass does it all.
absl::StatusOr<std::vector<CandidateId>> Pruner::Prune(const NumberTable& scores, double progress,
                                                       LivingTable* living, int64_t most) const {
  NAP_RETURN_IF_ERROR(CheckScores(scores, *living));
  std::vector<CandidateId> weakest_first = WeakestFirst(space_, scores, *living);
  const Totals allowed = Allowed(progress), budget = Budget();
  const bool is_end = schedule_(progress) == 0;
  Totals left = Nothing();
  Counts at_node = AtNodes(space_);
  for (const CandidateId& id : weakest_first) {
    Add(id, &left);
    ++NodeOf(id, &at_node);
  }
  Selection strongest = StrongestThatFit(weakest_first), cheapest = CheapestAtNodes(weakest_first);
  std::vector<CandidateId> removed;
  for (size_t before = weakest_first.size() + 1; before > weakest_first.size();) {
    before = weakest_first.size();
    Counts weaker_stays = AtNodes(space_);
    for (size_t i = 0; i < weakest_first.size();) {
      const CandidateId id = weakest_first[i];
      const bool fits = strongest.has[id];
      const bool makes_place = NodeOf(id, &weaker_stays) > 0;
      const bool too_much =
          left.Exceed(allowed, id.cell_type) || (is_end && (!fits || makes_place));
      const bool can_be_missed =
          !fits || makes_place || strongest.totals.Exceed(budget, id.cell_type);
      const bool is_only_reader = ReadsLastInput(id) && left.reads[id.cell_type].back() == 1;
      if (!too_much || !can_be_missed || NodeOf(id, &at_node) == 1 || is_only_reader) {
        ++i;
        continue;
      }
      std::vector<CandidateId> others = weakest_first;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      if (cheapest.has[id]) {
        Selection next = CheapestAtNodes(others);
        if (!MeetsLimits(next.totals)) {
          if (!fits) ++NodeOf(id, &weaker_stays);
          ++i;
          continue;
        }
        cheapest = std::move(next);
      }
      weakest_first = std::move(others);
      if (fits) strongest = StrongestThatFit(weakest_first);
      Subtract(id, &left);
      --NodeOf(id, &at_node);
      NodeOf(id, &weaker_stays) = 0;
      Remove(id, living, &removed);
      if (--most == 0) return removed;
    }
  }
  return removed;
}

std::vector<CandidateId> Pruner::Keep(const LivingTable& architecture, const NumberTable& scores,
                                      LivingTable* living) const {
  std::vector<CandidateId> removed;
  for (const CandidateId& id : WeakestFirst(space_, scores, *living)) {
    if (!architecture[id]) Remove(id, living, &removed);
  }
  return removed;
}

bool Pruner::IsMet(double progress, const LivingTable& living) const {
  LivingTable left = living;
  return Prune(NumberTable(space_), progress, &left, /*most=*/1)->empty();
}

CostRange Pruner::RangeOf(const CostLimit& measure) const {
  const Pruner alone(space_, options_, schedule_, {measure});
  LivingTable living(space_, true);
  const Selection cheapest = alone.CheapestAtNodes(LivingOperations(space_, living));
  static_cast<void>(Prune(measure.operations, /*progress=*/1, &living).value());  // all finite
  Totals dearest = alone.Nothing();
  for (const CandidateId& id : LivingOperations(space_, living)) alone.Add(id, &dearest);
  return {cheapest.totals.costs.front(), dearest.costs.front()};
}

void Pruner::Remove(const CandidateId& id, LivingTable* living,
                    std::vector<CandidateId>* removed) const {
  (*living)[id] = false;
  removed->push_back(id);
  if (!LivingOperations(space_, *living, id.cell_type, id.edge).empty()) return;
  for (int operation = 0; operation < space_.NumOperations(); ++operation) {
    const CandidateId zero{id.cell_type, id.edge, operation};
    if (!(*living)[zero]) continue;
    (*living)[zero] = false;
    removed->push_back(zero);
  }
}

}  // namespace nap
