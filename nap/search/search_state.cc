#include "nap/search/search_state.h"

#include <absl/strings/str_cat.h>

#include <string>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Names in a checkpoint.
constexpr char kTrain[] = "train";
std::string LivingName(const CellTopology& cell) { return absl::StrCat("living.", cell.name); }

// Calls visit(map of the checkpoint, name, value) for each number of the state.
template <typename State, typename Map, typename Visit>
void ForEachInteger(State& state, Map& integers, const Visit& visit) {
  visit(integers, "epoch", state.epoch);
  visit(integers, "step", state.step);
  visit(integers, "broken_images", state.broken_images);
  visit(integers, "strength_steps", state.strength_steps);
  visit(integers, "valid_pass", state.valid_pass);
  visit(integers, "valid_batch", state.valid_batch);
}

template <typename State, typename Map, typename Visit>
void ForEachNumber(State& state, Map& numbers, const Visit& visit) {
  visit(numbers, "seconds", state.seconds);
  visit(numbers, "strength_losses", state.strength_losses);
}

}  // namespace

void SearchState::NextEpoch() {
  ++epoch;
  step = 0;
  seconds = 0;
  broken_images = 0;
  train = {};
  strength_losses = 0;
  strength_steps = 0;
}

void SearchState::Save(Checkpoint* checkpoint) const {
  const auto save = [](auto& map, const char* name, const auto& value) { map[name] = value; };
  ForEachInteger(*this, checkpoint->integers, save);
  ForEachNumber(*this, checkpoint->numbers, save);
  train.Save(kTrain, checkpoint);
}

absl::Status SearchState::Load(const Checkpoint& checkpoint) {
  absl::Status status;
  const auto load = [&](const auto& map, const char* name, auto& value) {
    status.Update(Get(map, name, &value));
  };
  ForEachInteger(*this, checkpoint.integers, load);
  ForEachNumber(*this, checkpoint.numbers, load);
  NAP_RETURN_IF_ERROR(status);
  return train.Load(checkpoint, kTrain);
}

void SaveLiving(const CandidateSpace& space, const LivingTable& living, Checkpoint* checkpoint) {
  for (size_t cell = 0; cell < space.cells.size(); ++cell) {
    std::string& text = checkpoint->strings[LivingName(space.cells[cell])];
    for (bool lives : living.Values(static_cast<int>(cell))) text.push_back(lives ? '1' : '0');
  }
}

absl::StatusOr<std::vector<CandidateId>> LoadLiving(const Checkpoint& checkpoint,
                                                    const CandidateSpace& space,
                                                    LivingTable* living) {
  std::vector<CandidateId> removed;
  for (int cell = 0; cell < static_cast<int>(space.cells.size()); ++cell) {
    const std::string name = LivingName(space.cells[cell]);
    std::string text;
    NAP_RETURN_IF_ERROR(Get(checkpoint.strings, name, &text));
    if (text.size() != living->Values(cell).size()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the checkpoint does not fit: '", name, "' is of ", text.size(),
                       " candidates, not ", living->Values(cell).size()));
    }
    for (int i = 0; i < static_cast<int>(text.size()); ++i) {
      if (text[i] == '1') continue;
      removed.push_back({cell, i / space.NumOperations(), i % space.NumOperations()});
      (*living)[removed.back()] = false;
    }
  }
  return removed;
}

}  // namespace nap
