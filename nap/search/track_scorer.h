// What a search asks its criterion, for each of its tracks.
#ifndef NAP_SEARCH_TRACK_SCORER_H_
#define NAP_SEARCH_TRACK_SCORER_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/search/criterion_view.h"
#include "nap/search/search_parts.h"
#include "nap/search/supernet_trainer.h"
#include "nap/search/track.h"
#include "nap/training/checkpoint.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/phase.h"

namespace nap {

// All processes of the search make the same calls.
class TrackScorer {
 public:
  // All must outlive the scorer; the loop may be made later. The tracks stay as many.
  TrackScorer(const SearchParts* parts, SupernetTrainer* trainer, CriterionView* view,
              const EpochLoop* loop, const std::vector<Track>* tracks);

  // Of SearchOptions::milestones.
  void BeginMilestone(int milestone);

  // What the track's living operations are worth: rank 0's scores, for all. As long as tracks are
  // alike, they share their scorings: the criterion would say the same again, unless it has looked
  // at the budget. Cancelled if the user breaks it off; the criterion's state is then what it was.
  absl::StatusOr<NumberTable> Score(size_t track, PhaseObserver* observer);

  // How many removals one scoring of so many operations serves.
  int64_t MostRemovals(int alive) const;

  // Whether the criterion is asked at a milestone of this progress.
  bool Asks(double progress) const;

  // Tells the criterion of a strength step, for each track.
  absl::Status ObserveStrengthStep(const NumberTable& strengths, const NumberTable& gradients);

  // Estimates which scorings are to come, after one that gave these scores.
  void Estimate(const NumberTable& scores);

  // What they take if each takes as long as the last one for each operation, or as the first one
  // while that runs; 0: not known yet.
  double seconds_left() const;

  // " of point 2 of 4"; nothing where there is one track.
  std::string PointText(size_t track) const;

  // The criterion's states. Load fails if the checkpoint has none for a track.
  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);

 private:
  struct Scored {
    LivingTable living;
    std::vector<double> before, after;  // the criterion's state
    NumberTable scores;
  };
  using MilestoneLiving = std::pair<int, LivingTable>;

  bool HasFront() const { return tracks_.size() > 1; }
  absl::Status Ask(size_t track);
  absl::StatusOr<NumberTable> ScoreAnew(size_t track, PhaseObserver* observer);
  void TakeFirst(NumberTable* scores) const;
  int64_t OperationsToScore(const Track& track, const NumberTable& scores,
                            std::vector<MilestoneLiving>* shared) const;

  const SearchParts& parts_;
  SupernetTrainer& trainer_;
  CriterionView& view_;
  const EpochLoop& loop_;
  const std::vector<Track>& tracks_;
  size_t asked_ = 0;                           // whose the criterion's state is
  std::vector<std::vector<double>> observed_;  // the criterion's states for the others
  std::vector<Scored> scored_;                 // at the running milestone, of a front
  const Phase* running_ = nullptr;             // a scoring
  double seconds_ = 0;           // of the last scoring, for each operation that was alive
  int64_t operations_left_ = 0;  // the sum of those alive over the scorings to come
};

}  // namespace nap

#endif  // NAP_SEARCH_TRACK_SCORER_H_
