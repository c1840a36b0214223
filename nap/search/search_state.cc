#include "nap/search/search_state.h"

#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr char kTrain[] = "train";

// Calls visit(map of the checkpoint, name, value) for each number of the state.
template <typename State, typename Map, typename Visit>
void ForEachInteger(State& state, Map& integers, const Visit& visit) {
  visit(integers, "epoch", state.epoch);
  visit(integers, "step", state.step);
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

}  // namespace nap
