#include "nap/search/track_scorer.h"

#include <ATen/ops/from_blob.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// A name in a checkpoint.
std::string CriterionName(size_t track, size_t place) {
  return absl::StrCat(TrackPrefix(track), "criterion.", place);
}

}  // namespace

TrackScorer::TrackScorer(const SearchParts* parts, SupernetTrainer* trainer, CriterionView* view,
                         const EpochLoop* loop, const std::vector<Track>* tracks)
    : parts_(*parts),
      trainer_(*trainer),
      view_(*view),
      loop_(*loop),
      tracks_(*tracks),
      observed_(tracks->size(), parts->criterion->State()) {}

void TrackScorer::BeginMilestone(int milestone) {
  view_.SetMilestone(milestone);
  scored_.clear();
}

bool TrackScorer::Asks(double progress) const {
  return progress == 1 || !parts_.criterion->chooses();
}

// By one scoring, of so many that live.
int64_t TrackScorer::MostRemovals(int alive) const {
  const int64_t most = parts_.criterion->RemovalsPerScoring(alive);
  return most == 0 ? PrunerOptions::kAnyNumber : most;
}

// The criterion from now on, which goes on with what it knows of this track. There is one for all:
// it may hold large networks.
absl::Status TrackScorer::Ask(size_t track) {
  if (track == asked_) return absl::OkStatus();
  observed_[asked_] = parts_.criterion->State();
  asked_ = track;
  return parts_.criterion->SetState(observed_[track]);
}

absl::StatusOr<NumberTable> TrackScorer::Score(size_t track, PhaseObserver* observer) {
  NAP_RETURN_IF_ERROR(Ask(track));
  const LivingTable& living = tracks_[track].living();
  const std::vector<double> before = parts_.criterion->State();
  const auto found = std::find_if(scored_.begin(), scored_.end(), [&](const Scored& scored) {
    return scored.before == before && scored.living == living;
  });
  // All processes or none.
  if (HasFront() && parts_.options.processes->Sum(found == scored_.end() ? 1.0 : 0.0) == 0) {
    NAP_RETURN_IF_ERROR(parts_.criterion->SetState(found->after));
    return found->scores;
  }
  NAP_ASSIGN_OR_RETURN(NumberTable scores, ScoreAnew(track, observer));
  TakeFirst(&scores);
  if (HasFront() && !view_.saw_budget()) {
    scored_.push_back({living, before, parts_.criterion->State(), scores});
  }
  return scores;
}

// By the criterion, whose state is what it was if the user breaks it off.
absl::StatusOr<NumberTable> TrackScorer::ScoreAnew(size_t track, PhaseObserver* observer) {
  const int alive = tracks_[track].OperationsAlive();
  // How many go when is the schedule's to say, whatever their scores.
  if (seconds_ == 0) Estimate(NumberTable(parts_.space));
  operations_left_ = std::max<int64_t>(0, operations_left_ - alive);
  std::vector<double> before;  // what is broken off
  Phase phase = loop_.NewPhase(absl::StrCat("scoring ", alive, " operations", PointText(track)),
                               seconds_ * alive, observer);
  running_ = &phase;
  view_.SetPhase(&phase);
  view_.SetTrack(&tracks_[track]);
  const auto score = [&]() -> absl::StatusOr<NumberTable> {
    const UseOnly own(&trainer_, tracks_[track].living());
    for (;;) {
      before = parts_.criterion->State();
      absl::StatusOr<NumberTable> scores = parts_.criterion->Score(view_);
      if (!scores.ok() || parts_.criterion->has_decided() || phase.IsBrokenOff()) return scores;
      NAP_RETURN_IF_ERROR(phase.KeepParts());
    }
  };
  absl::StatusOr<NumberTable> scores = score();
  view_.SetPhase(nullptr);
  running_ = nullptr;
  if (phase.IsBrokenOff()) {
    NAP_RETURN_IF_ERROR(parts_.criterion->SetState(before));
    return phase.End();
  }
  seconds_ = phase.seconds() / alive;
  return scores;
}

// If what goes is what the scores say.
void TrackScorer::Estimate(const NumberTable& scores) {
  std::vector<MilestoneLiving> shared;
  for (const Scored& scored : scored_) shared.emplace_back(view_.milestone(), scored.living);
  operations_left_ = 0;
  for (const Track& track : tracks_) {
    operations_left_ += OperationsToScore(track, scores, &shared);
  }
}

double TrackScorer::seconds_left() const {
  if (seconds_ > 0 || running_ == nullptr) return seconds_ * operations_left_;
  return running_->ExpectedSeconds() / tracks_[asked_].OperationsAlive() * operations_left_;
}

int64_t TrackScorer::OperationsToScore(const Track& track, const NumberTable& scores,
                                       std::vector<MilestoneLiving>* shared) const {
  const Milestones& milestones = parts_.options.milestones;
  LivingTable living = track.living();
  int64_t operations = 0;
  for (int milestone = view_.milestone(); milestone < milestones.Count(); ++milestone) {
    const double progress = milestones.Progress(milestone);
    while (Asks(progress) && !track.pruner().IsMet(progress, living)) {
      const auto alive = static_cast<int>(LivingOperations(parts_.space, living).size());
      const MilestoneLiving scored = {milestone, living};
      if (std::find(shared->begin(), shared->end(), scored) == shared->end()) {
        operations += alive;
        if (HasFront() && !view_.saw_budget()) shared->push_back(scored);
      }
      const auto removed = track.pruner().Prune(scores, progress, &living, MostRemovals(alive));
      if (!removed.ok() || removed->empty()) return operations;
    }
  }
  return operations;
}

std::string TrackScorer::PointText(size_t track) const {
  return HasFront() ? absl::StrCat(" of point ", track + 1, " of ", tracks_.size()) : "";
}

// Rank 0's, if other processes have computed them, too: on another kind of machine rounding, and so
// the order of two that are nearly the same, may be another.
void TrackScorer::TakeFirst(NumberTable* scores) const {
  if (parts_.options.processes->size() == 1) return;
  std::vector<double> values;
  scores->ForEach([&](double value) { values.push_back(value); });
  const at::Tensor tensor =
      at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kDouble);
  parts_.options.processes->Broadcast(std::vector<at::Tensor>{tensor});
  auto value = values.begin();
  scores->ForEach([&](double& score) { score = *value++; });
}

absl::Status TrackScorer::ObserveStrengthStep(const NumberTable& strengths,
                                              const NumberTable& gradients) {
  for (size_t track = 0; track < tracks_.size(); ++track) {
    NAP_RETURN_IF_ERROR(Ask(track));
    parts_.criterion->ObserveStrengthStep(strengths, gradients);
  }
  return absl::OkStatus();
}

void TrackScorer::Save(Checkpoint* checkpoint) const {
  for (size_t track = 0; track < tracks_.size(); ++track) {
    const std::vector<double> observed =
        track == asked_ ? parts_.criterion->State() : observed_[track];
    for (size_t i = 0; i < observed.size(); ++i) {
      checkpoint->numbers[CriterionName(track, i)] = observed[i];
    }
  }
}

absl::Status TrackScorer::Load(const Checkpoint& checkpoint) {
  for (size_t track = 0; track < tracks_.size(); ++track) {
    std::vector<double>& observed = observed_[track];
    for (size_t i = 0; i < observed.size(); ++i) {
      NAP_RETURN_IF_ERROR(Get(checkpoint.numbers, CriterionName(track, i), &observed[i]));
    }
  }
  return parts_.criterion->SetState(observed_[asked_]);
}

}  // namespace nap
