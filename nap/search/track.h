// A way through a search, from everything to a genotype.
#ifndef NAP_SEARCH_TRACK_H_
#define NAP_SEARCH_TRACK_H_

#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/pruner.h"
#include "nap/search/number_rows.h"
#include "nap/search/removal.h"
#include "nap/training/checkpoint.h"

namespace nap {

// Of a track's names in a checkpoint; the first is that of every search.
std::string TrackPrefix(size_t track);

// Who lives under a budget, and what has gone in the running milestone and why.
class Track {
 public:
  // Both must outlive the track.
  Track(const CandidateSpace* space, const Pruner* pruner)
      : space_(*space), pruner_(*pruner), living_(*space, true) {}

  const LivingTable& living() const { return living_; }
  const Pruner& pruner() const { return pruner_; }
  int OperationsAlive() const { return static_cast<int>(LivingOperations(space_, living_).size()); }

  // Whether nothing more has to go until the schedule's progress is made.
  bool IsMet(double progress) const { return pruner_.IsMet(progress, living_); }

  // Removes at most so many by what a scoring gave. What went, in that order, without zero
  // operations, which are not scored. Pruner::Prune's errors.
  absl::StatusOr<std::vector<Removal>> Prune(const NumberTable& scores, double progress,
                                             int64_t most);

  // Pruner::Keep; returns the same.
  std::vector<Removal> Keep(const LivingTable& architecture, const NumberTable& scores);

  // What the criterion has compared for the last scoring by which something went.
  void NoteSamples(std::vector<SampledArchitecture> samples);

  // Of the running milestone, in order.
  const std::vector<CandidateId>& pruned() const { return pruned_; }
  const std::vector<Removal>& removals() const { return removals_; }
  std::vector<Scoring> Scorings() const;

  // Another milestone begins.
  void NextMilestone();

  // `prefix`: of the names in the checkpoint. Load is for a new track; FailedPrecondition if the
  // checkpoint is of other candidates, or has samples of more scores than `most_scores`.
  void Save(const std::string& prefix, Checkpoint* checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint, size_t most_scores);

 private:
  std::vector<Removal> Become(const LivingTable& left, const std::vector<CandidateId>& removed,
                              const NumberTable& scores);
  void KeepScores(const NumberTable& scores);
  std::vector<Removal> Explain(const std::vector<CandidateId>& removed,
                               const NumberTable& scores) const;
  size_t NumCandidates() const;
  NumberRows SamplesToRows() const;
  absl::Status LoadSamples(const std::string& text, size_t most_scores);
  absl::Status LoadLiving(const std::string& prefix, const Checkpoint& checkpoint);

  const CandidateSpace& space_;
  const Pruner& pruner_;
  LivingTable living_;
  int64_t scorings_ = 0;
  std::vector<CandidateId> pruned_;
  std::vector<Removal> removals_;
  std::vector<std::vector<double>> scores_;  // of each scoring, cell type after cell type
  std::map<int64_t, std::vector<SampledArchitecture>> samples_;  // by the number of the scoring
};

}  // namespace nap

#endif  // NAP_SEARCH_TRACK_H_
