// How far a search is.
#ifndef NAP_SEARCH_SEARCH_STATE_H_
#define NAP_SEARCH_SEARCH_STATE_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/search/removal.h"
#include "nap/training/checkpoint.h"

namespace nap {

// With the loop's state, the networks, the optimisers, the criterion and who is alive, this is all
// that a search needs to go on.
struct SearchState {
  // Since the epoch began.
  double strength_losses = 0;  // their sum
  int64_t strength_steps = 0;

  // At the end of the epoch: whether it was evaluated, and what came of that.
  bool is_evaluated = false;
  double valid_loss = 0;
  double valid_accuracy = 0;

  // Of the milestone there, while it prunes: what was measured before it, and what has gone so far.
  int64_t scorings = 0;
  std::vector<double> mixing_weights;  // cell type after cell type
  std::vector<CandidateId> pruned;
  std::vector<Removal> removals;
  std::vector<std::vector<double>> scores;  // of each scoring, cell type after cell type

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

// Who is alive, and who is not any more; FailedPrecondition if the candidates are others.
void SaveLiving(const CandidateSpace& space, const LivingTable& living, Checkpoint* checkpoint);
absl::StatusOr<std::vector<CandidateId>> LoadRemoved(const Checkpoint& checkpoint,
                                                     const CandidateSpace& space);

}  // namespace nap

#endif  // NAP_SEARCH_SEARCH_STATE_H_
