#include "nap/search/search_state.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Names in a checkpoint.
constexpr char kIsEvaluated[] = "is_evaluated";
constexpr char kMixingWeights[] = "mixing_weights";
constexpr char kPruned[] = "pruned";
constexpr char kRemovals[] = "removals";
constexpr char kScores[] = "scores";
std::string LivingName(const CellTopology& cell) { return absl::StrCat("living.", cell.name); }

// Calls visit(map of the checkpoint, name, value) for each number of the state.
template <typename State, typename Map, typename Visit>
void ForEachInteger(State& state, Map& integers, const Visit& visit) {
  visit(integers, "strength_steps", state.strength_steps);
  visit(integers, "valid_pass", state.valid_pass);
  visit(integers, "valid_batch", state.valid_batch);
  visit(integers, "scorings", state.scorings);
}

template <typename State, typename Map, typename Visit>
void ForEachNumber(State& state, Map& numbers, const Visit& visit) {
  visit(numbers, "strength_losses", state.strength_losses);
  visit(numbers, "valid_loss", state.valid_loss);
  visit(numbers, "valid_accuracy", state.valid_accuracy);
}

// Numbers as text, exact to the bit, a list of `width` of them after the other.
std::string ToText(const std::vector<std::vector<double>>& rows) {
  return absl::StrJoin(rows, ";", [](std::string* text, const std::vector<double>& row) {
    absl::StrAppend(text, absl::StrJoin(row, " ", [](std::string* out, double value) {
                      absl::StrAppendFormat(out, "%a", value);
                    }));
  });
}

// width 0: any.
absl::StatusOr<std::vector<std::vector<double>>> FromText(const std::string& text, size_t width) {
  std::vector<std::vector<double>> rows;
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipEmpty())) {
    rows.emplace_back();
    for (absl::string_view number : absl::StrSplit(part, ' ')) {
      // absl::SimpleAtod reads no hexadecimal numbers.
      const std::string copy(number);
      char* end = nullptr;
      rows.back().push_back(std::strtod(copy.c_str(), &end));
      if (copy.empty() || *end != 0) rows.back().clear();
    }
    if (rows.back().empty() || (width != 0 && rows.back().size() != width)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the checkpoint does not fit: '", part, "' are not ", width, " numbers"));
    }
  }
  return rows;
}

std::vector<double> Row(const CandidateId& id) {
  return {static_cast<double>(id.cell_type), static_cast<double>(id.edge),
          static_cast<double>(id.operation)};
}

CandidateId IdOf(const std::vector<double>& row) {
  return {static_cast<int>(row[0]), static_cast<int>(row[1]), static_cast<int>(row[2])};
}

}  // namespace

void SearchState::NextEpoch() {
  strength_losses = 0;
  strength_steps = 0;
  is_evaluated = false;
  scorings = 0;
  mixing_weights.clear();
  pruned.clear();
  removals.clear();
  scores.clear();
}

void SearchState::Save(Checkpoint* checkpoint) const {
  const auto save = [](auto& map, const char* name, const auto& value) { map[name] = value; };
  ForEachInteger(*this, checkpoint->integers, save);
  ForEachNumber(*this, checkpoint->numbers, save);
  checkpoint->integers[kIsEvaluated] = is_evaluated ? 1 : 0;
  std::vector<std::vector<double>> rows;
  for (const double weight : mixing_weights) rows.push_back({weight});
  checkpoint->strings[kMixingWeights] = ToText(rows);
  rows.clear();
  for (const CandidateId& id : pruned) rows.push_back(Row(id));
  checkpoint->strings[kPruned] = ToText(rows);
  rows.clear();
  for (const Removal& removal : removals) {
    rows.push_back(Row(removal.id));
    for (const double value : {removal.score, removal.next, 1.0 * removal.scoring}) {
      rows.back().push_back(value);
    }
  }
  checkpoint->strings[kRemovals] = ToText(rows);
  checkpoint->strings[kScores] = ToText(scores);
}

absl::Status SearchState::Load(const Checkpoint& checkpoint) {
  absl::Status status;
  const auto load = [&](const auto& map, const char* name, auto& value) {
    status.Update(Get(map, name, &value));
  };
  ForEachInteger(*this, checkpoint.integers, load);
  ForEachNumber(*this, checkpoint.numbers, load);
  NAP_RETURN_IF_ERROR(status);
  // Earlier versions saved nothing between the evaluation and a removal.
  const auto evaluated = checkpoint.integers.find(kIsEvaluated);
  is_evaluated = evaluated == checkpoint.integers.end() ? scorings > 0 : evaluated->second != 0;
  std::string text;
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kMixingWeights, &text));
  NAP_ASSIGN_OR_RETURN(const auto weights, FromText(text, 1));
  for (const std::vector<double>& row : weights) mixing_weights.push_back(row[0]);
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kPruned, &text));
  NAP_ASSIGN_OR_RETURN(const auto ids, FromText(text, 3));
  for (const std::vector<double>& row : ids) pruned.push_back(IdOf(row));
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kRemovals, &text));
  NAP_ASSIGN_OR_RETURN(const auto rows, FromText(text, 6));
  for (const std::vector<double>& row : rows) {
    removals.push_back({IdOf(row), row[3], row[4], static_cast<int>(row[5])});
  }
  // Earlier versions did not keep them.
  const auto found = checkpoint.strings.find(kScores);
  if (found != checkpoint.strings.end()) {
    NAP_ASSIGN_OR_RETURN(scores, FromText(found->second, 0));
  }
  return absl::OkStatus();
}

void SaveLiving(const CandidateSpace& space, const LivingTable& living, Checkpoint* checkpoint) {
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    std::string& text = checkpoint->strings[LivingName(space.cell_types[cell])];
    for (bool lives : living.Values(static_cast<int>(cell))) text.push_back(lives ? '1' : '0');
  }
}

absl::StatusOr<std::vector<CandidateId>> LoadRemoved(const Checkpoint& checkpoint,
                                                     const CandidateSpace& space) {
  std::vector<CandidateId> removed;
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    const std::string name = LivingName(space.cell_types[cell]);
    std::string text;
    NAP_RETURN_IF_ERROR(Get(checkpoint.strings, name, &text));
    const size_t candidates = space.cell_types[cell].edges.size() * space.operations.size();
    if (text.size() != candidates) {
      return absl::FailedPreconditionError(absl::StrCat("the checkpoint does not fit: '", name,
                                                        "' is of ", text.size(),
                                                        " candidates, not ", candidates));
    }
    for (int i = 0; i < static_cast<int>(text.size()); ++i) {
      if (text[i] == '1') continue;
      removed.push_back({cell, i / space.NumOperations(), i % space.NumOperations()});
    }
  }
  return removed;
}

}  // namespace nap
