#include "nap/search/search_state.h"

#include <string>

#include "nap/base/status_macros.h"
#include "nap/search/number_rows.h"

namespace nap {
namespace {

// Names in a checkpoint.
constexpr char kIsEvaluated[] = "is_evaluated";
constexpr char kMixingWeights[] = "mixing_weights";
constexpr char kQualities[] = "front_qualities";

std::string ToText(const std::vector<double>& numbers) {
  NumberRows rows;
  for (const double number : numbers) rows.push_back({number});
  return RowsToText(rows);
}

absl::StatusOr<std::vector<double>> FromText(const std::string& text) {
  NAP_ASSIGN_OR_RETURN(const NumberRows rows, RowsFromText(text, 1));
  std::vector<double> numbers;
  for (const std::vector<double>& row : rows) numbers.push_back(row[0]);
  return numbers;
}

// Calls visit(map of the checkpoint, name, value) for each number of the state.
template <typename State, typename Map, typename Visit>
void ForEachInteger(State& state, Map& integers, const Visit& visit) {
  visit(integers, "strength_steps", state.strength_steps);
  visit(integers, "valid_pass", state.valid_pass);
  visit(integers, "valid_batch", state.valid_batch);
}

template <typename State, typename Map, typename Visit>
void ForEachNumber(State& state, Map& numbers, const Visit& visit) {
  visit(numbers, "strength_losses", state.strength_losses);
  visit(numbers, "valid_loss", state.valid_loss);
  visit(numbers, "valid_accuracy", state.valid_accuracy);
}

}  // namespace

void SearchState::NextEpoch() {
  strength_losses = 0;
  strength_steps = 0;
  is_evaluated = false;
  mixing_weights.clear();
}

void SearchState::Save(Checkpoint* checkpoint) const {
  const auto save = [](auto& map, const char* name, const auto& value) { map[name] = value; };
  ForEachInteger(*this, checkpoint->integers, save);
  ForEachNumber(*this, checkpoint->numbers, save);
  checkpoint->integers[kIsEvaluated] = is_evaluated ? 1 : 0;
  checkpoint->strings[kMixingWeights] = ToText(mixing_weights);
  if (!qualities.empty()) checkpoint->strings[kQualities] = ToText(qualities);
}

absl::Status SearchState::Load(const Checkpoint& checkpoint) {
  absl::Status status;
  const auto load = [&](const auto& map, const char* name, auto& value) {
    status.Update(Get(map, name, &value));
  };
  ForEachInteger(*this, checkpoint.integers, load);
  ForEachNumber(*this, checkpoint.numbers, load);
  NAP_RETURN_IF_ERROR(status);
  if (valid_pass < 0 || valid_batch < 0 || strength_steps < 0) {
    return absl::FailedPreconditionError("the checkpoint does not fit: it counts below zero");
  }
  std::string text;
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kMixingWeights, &text));
  NAP_ASSIGN_OR_RETURN(mixing_weights, FromText(text));
  const auto judged = checkpoint.strings.find(kQualities);
  if (judged != checkpoint.strings.end()) {
    NAP_ASSIGN_OR_RETURN(qualities, FromText(judged->second));
  }
  // Earlier versions saved nothing between the evaluation and a removal.
  const auto evaluated = checkpoint.integers.find(kIsEvaluated);
  is_evaluated =
      evaluated == checkpoint.integers.end() ? !mixing_weights.empty() : evaluated->second != 0;
  return absl::OkStatus();
}

}  // namespace nap
