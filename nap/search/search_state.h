// How far a search is.
#ifndef NAP_SEARCH_SEARCH_STATE_H_
#define NAP_SEARCH_SEARCH_STATE_H_

#include <absl/status/status.h>

#include <cstdint>
#include <vector>

#include "nap/training/checkpoint.h"

namespace nap {

// With the loop's state, the networks, the optimisers, the criterion and the tracks, this is all
// that a search needs to go on.
struct SearchState {
  // Since the epoch began.
  double strength_losses = 0;  // their sum
  int64_t strength_steps = 0;

  // At the end of the epoch: whether it was evaluated, and what came of that.
  bool is_evaluated = false;
  double valid_loss = 0;
  double valid_accuracy = 0;

  // As they were before the milestone there, while it prunes; else none. Cell type after cell type.
  std::vector<double> mixing_weights;

  // Of the points of a front, as far as they are judged: in the last epoch.
  std::vector<double> qualities;

  // Passes over the validation part for the strengths, which do not begin anew with an epoch.
  int64_t valid_pass = 0;   // the running one
  int64_t valid_batch = 0;  // batches taken from it

  // The mean; 0 if there was none.
  double strength_loss() const {
    return strength_steps == 0 ? 0 : strength_losses / static_cast<double>(strength_steps);
  }

  void NextEpoch();

  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);
};

}  // namespace nap

#endif  // NAP_SEARCH_SEARCH_STATE_H_
