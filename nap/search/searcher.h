// The search: trains the supernet's weights and strengths in turn and prunes at the milestones.
#ifndef NAP_SEARCH_SEARCHER_H_
#define NAP_SEARCH_SEARCHER_H_

#include <absl/status/statusor.h>

#include <memory>
#include <vector>

#include "data/dataset.h"
#include "nap/architecture/candidates.h"
#include "nap/search/removal.h"
#include "nap/search/search_options.h"
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
  ScoreTable strengths;
  ScoreTable mixing_weights;
  std::vector<std::vector<double>> edge_strengths;  // SupernetTrainer::EdgeStrengths()

  double strength_loss = 0;
  double valid_loss = 0;  // on the validation part, before this epoch's pruning
  double valid_accuracy = 0;
  std::vector<int> operations_alive = {};  // a cell type
  int64_t parameters = 0;                  // of what is left of the supernet
  std::vector<CandidateId> pruned = {};    // at the end of this epoch
  std::vector<CandidateId> living = {};
  Genotype genotype = {};  // what the search would give if it ended now, by |mixing weight|
  std::vector<Removal> removals = {};  // of what was pruned, in order
  std::vector<Scoring> scorings = {};  // of this epoch's milestone

  // With a front: how many operations are alive in each track, and in the supernet, for all of
  // them.
  std::vector<int> tracks_alive = {};
  int supernet_alive = 0;
};

// Told how it goes. An error stops the search and is what Run returns.
class SearchObserver : public PhaseObserver {
 public:
  virtual absl::Status OnStep(const SearchStepReport& report) = 0;
  virtual absl::Status OnPruning(const PruningReport& /*report*/) { return absl::OkStatus(); }
  virtual absl::Status OnEpoch(const SearchEpochReport& report) = 0;
};

struct Checkpoint;

class Searcher {
 public:
  // Splits `images` into a train and a validation part, builds the supernet. `images` must outlive
  // the searcher. InvalidArgument for an option out of range or an unknown name.
  static absl::StatusOr<std::unique_ptr<Searcher>> Create(const SearchOptions& options,
                                                          const Dataset* images);
  virtual ~Searcher() = default;

  virtual const SearchSpace& search_space() const = 0;
  virtual const CandidateSpace& space() const = 0;

  // All that the search needs to go on from where it is. Observers may call it.
  virtual Checkpoint Save() const = 0;

  // Before Run: lets it go on from there, to the same bits as if it had never been interrupted. For
  // a searcher made with the same options and images; FailedPrecondition if the checkpoint is of
  // others and that can be seen.
  virtual absl::Status Load(const Checkpoint& checkpoint) = 0;

  // May be called once. Ends with the budget met, or with the error that stopped it: the
  // observer's, or FailedPrecondition when a loss is no longer finite.
  virtual absl::StatusOr<Genotype> Run(SearchObserver* observer) = 0;

  // After Run: what was found, first with the search's own budget, which is what Run returns. Empty
  // without a front.
  virtual std::vector<FrontPoint> Front() const = 0;
};

}  // namespace nap

#endif  // NAP_SEARCH_SEARCHER_H_
