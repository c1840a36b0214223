// What a search tells of itself while it runs.
#ifndef NAP_SEARCH_SEARCH_REPORT_H_
#define NAP_SEARCH_SEARCH_REPORT_H_

#include <absl/status/status.h>

#include <cstdint>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/architecture/genotype.h"
#include "nap/search/removal.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/phase.h"

namespace nap {

struct SearchStepReport : StepReport {
  double strength_loss = 0;  // mean since the epoch began; 0 while no strengths are trained
  int operations_alive = 0;
};

// While a milestone prunes, after each scoring. The search can be saved then.
struct PruningReport {
  int epoch;                     // at whose end; 0: before the first
  std::vector<Removal> removed;  // by this scoring
  int operations_alive;          // of the track, of all cell types
  double seconds;                // since the milestone began
  int track = 0;                 // from 0: that of which point of the front
  int tracks = 1;                // 1: there is no front
};

// One of several networks that a search ends with (SearchOptions::points).
struct FrontPoint {
  double limit;  // on SearchOptions::front, in the unit of its option; 0: none
  Genotype genotype;
  // Accuracy on the validation part of these operations with the supernet's weights, the others
  // masked out; if nothing was trained, SearchOptions::front_score.
  double quality;
};

// After each epoch, its pruning included. What is told of operations and the genotype is of the
// search's own budget, whatever other points of a front have. Before the first one (epoch 0), if
// something was pruned there; then losses and accuracies are not numbers.
struct SearchEpochReport : EpochReport {
  // Before this epoch's pruning.
  NumberTable strengths;
  NumberTable mixing_weights;
  std::vector<std::vector<double>> edge_strengths;  // SupernetTrainer::EdgeStrengths()

  double strength_loss = 0;
  double valid_loss = 0;  // on the validation part, before this epoch's pruning
  double valid_accuracy = 0;
  std::vector<int> operations_alive = {};  // a cell type
  int64_t parameters = 0;                  // of what is left of the supernet
  std::vector<CandidateId> pruned = {};    // at the end of this epoch
  std::vector<CandidateId> living = {};
  Genotype genotype = {};  // what the search would give if it ended now, by |mixing weight|
  std::vector<Removal> removals = {};         // of what was pruned, in order
  std::vector<Scoring> scorings = {};         // of this epoch's milestone
  std::vector<std::string> score_names = {};  // of those of the scorings' samples

  // With a front: how many operations are alive in each track, and in the supernet, for all of
  // them.
  std::vector<int> tracks_alive = {};
  int supernet_alive = 0;
};

// Told how it goes; this one does nothing. An error stops the search and is what Run returns.
class SearchObserver : public PhaseObserver {
 public:
  virtual absl::Status OnStep(const SearchStepReport& /*report*/) { return absl::OkStatus(); }
  virtual absl::Status OnPruning(const PruningReport& /*report*/) { return absl::OkStatus(); }
  virtual absl::Status OnEpoch(const SearchEpochReport& /*report*/) { return absl::OkStatus(); }
};

}  // namespace nap

#endif  // NAP_SEARCH_SEARCH_REPORT_H_
