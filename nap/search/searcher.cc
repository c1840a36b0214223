#include "nap/search/searcher.h"

#include <ATen/ops/from_blob.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "nap/base/clock.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/search/criterion_view.h"
#include "nap/search/search_parts.h"
#include "nap/search/search_state.h"
#include "nap/search/supernet_trainer.h"
#include "nap/search/track.h"
#include "nap/training/checkpoint.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/images_state.h"
#include "nap/training/learning_rate.h"

namespace nap {
namespace {

// Names in a checkpoint.
std::string CriterionName(size_t place) { return absl::StrCat("criterion.", place); }
// Of a track's; the first is that of every search.
std::string Prefix(size_t track) { return track == 0 ? "" : absl::StrCat("track.", track, "."); }

std::vector<Track> TracksOf(const SearchParts& parts) {
  std::vector<Track> tracks;
  for (const TrackBudget& budget : parts.budgets) tracks.emplace_back(&parts.space, &budget.pruner);
  return tracks;
}

class SearcherImpl final : public Searcher {
 public:
  explicit SearcherImpl(SearchParts parts)
      : parts_(std::move(parts)),
        options_(parts_.options),
        trainer_(options_, parts_.plan, parts_.space, parts_.relaxation, parts_.strength_loss),
        tracks_(TracksOf(parts_)),
        observed_(tracks_.size(), parts_.criterion->State()),
        view_(&parts_, &trainer_, tracks_.data()),
        loop_({"train part", options_.epochs, options_.steps_per_epoch, options_.processes.get(),
               /*least_images=*/1,
               [this](int epoch) {
                 return epoch > options_.warmup_epochs ? parts_.optimization.passes : 1;
               },
               [this] {
                 return scoring_seconds_left_ + evaluations_left_ * loop_.evaluation_seconds();
               }},
              parts_.images, parts_.train,
              ShareOf(*options_.processes, LoadingOf(parts_, /*train=*/true, kTrainStream),
                      /*whole_batches=*/false)),
        valid_loader_(parts_.images, parts_.valid,
                      ShareOf(*options_.processes, LoadingOf(parts_, /*train=*/true, kValidStream),
                              /*whole_batches=*/false)),
        evaluation_loader_(
            parts_.images, EvaluationPart(parts_),
            ShareOf(*options_.processes, LoadingOf(parts_, /*train=*/false, kValidStream),
                    /*whole_batches=*/true)),
        images_("images", *parts_.images) {
    if (options_.milestones.begin == 0) loop_.state().epoch = 0;
    if (HasFront() && options_.epochs > 0) evaluations_left_ = options_.points;
  }

  const SearchSpace& search_space() const override { return *parts_.search_space; }
  const CandidateSpace& space() const override { return parts_.space; }

  Checkpoint Save() const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  absl::StatusOr<Genotype> Run(SearchObserver* observer) override {
    if (loop_.epoch() == 0) NAP_RETURN_IF_ERROR(RunStart(observer));
    while (loop_.epoch() <= options_.epochs) NAP_RETURN_IF_ERROR(RunEpoch(observer));
    return GenotypeOf(tracks_.front());
  }

  std::vector<FrontPoint> Front() const override;

 private:
  absl::Status RunEpoch(SearchObserver* observer);
  absl::Status RunStart(SearchObserver* observer);
  absl::StatusOr<StepResult> TrainStep(const Batch& train);
  StepResult WarmUpStep(const Batch& train);
  absl::Status NextValid(Batch* batch);
  absl::Status EvaluateValidPart(SearchObserver* observer);
  SearchEpochReport NewReport(double learning_rate);
  absl::Status EndEpoch(SearchEpochReport report, SearchObserver* observer);
  void KeepMixingWeights(SearchEpochReport* report);
  absl::Status PruneAt(SearchObserver* observer);
  absl::Status PruneTrack(size_t track, double progress, double begin, SearchObserver* observer);
  absl::Status Ask(size_t track);
  absl::StatusOr<ScoreTable> Score(size_t track, SearchObserver* observer);
  absl::StatusOr<ScoreTable> ScoreOnce(size_t track, SearchObserver* observer);
  void EstimateScorings(const ScoreTable& scores);
  using MilestoneLiving = std::pair<int, LivingTable>;
  double SecondsToScore(const Track& track, const ScoreTable& scores,
                        std::vector<MilestoneLiving>* shared) const;
  void TakeFirstScores(ScoreTable* scores);
  int64_t MostRemovals(int alive) const;
  void PruneTrainer();
  absl::StatusOr<Genotype> GenotypeIfItEndedNow();
  absl::Status JudgeFront(SearchObserver* observer);
  absl::Status JudgeUntrained(SearchObserver* observer);
  bool HasFront() const { return tracks_.size() > 1; }
  std::string PointText(size_t track) const;
  Genotype GenotypeOf(const Track& track) const {
    return nap::GenotypeOf(parts_.search_space->name(), parts_.space, track.living());
  }

  SearchParts parts_;
  const SearchOptions& options_;
  SupernetTrainer trainer_;
  std::vector<Track> tracks_;  // the first is the search's own, others are points of its front
  size_t asked_ = 0;           // whose the criterion's state is
  std::vector<std::vector<double>> observed_;  // the criterion's states for the others
  CriterionView view_;
  EpochLoop loop_;
  Loader valid_loader_;
  Loader evaluation_loader_;
  const ImagesState images_;
  SearchState state_;
  struct Scored {
    LivingTable living;
    std::vector<double> before, after;  // the criterion's state
    ScoreTable scores;
  };
  std::vector<Scored> scored_;  // at the running milestone, of a front
  bool valid_loader_started_ = false;
  double scoring_seconds_ = 0;  // of the last scoring, for each operation that was alive
  double scoring_seconds_left_ = 0;
  int evaluations_left_ = 0;  // of a front's points
};

Checkpoint SearcherImpl::Save() const {
  Checkpoint checkpoint;
  images_.Save(&checkpoint);
  loop_.state().Save(&checkpoint);
  state_.Save(&checkpoint);
  trainer_.Save(&checkpoint);
  for (size_t track = 0; track < tracks_.size(); ++track) {
    const std::string prefix = Prefix(track);
    tracks_[track].Save(prefix, &checkpoint);
    const std::vector<double> observed =
        track == asked_ ? parts_.criterion->State() : observed_[track];
    for (size_t i = 0; i < observed.size(); ++i) {
      checkpoint.numbers[prefix + CriterionName(i)] = observed[i];
    }
  }
  return checkpoint;
}

absl::Status SearcherImpl::Load(const Checkpoint& checkpoint) {
  NAP_RETURN_IF_ERROR(images_.Check(checkpoint));
  NAP_RETURN_IF_ERROR(loop_.state().Load(checkpoint));
  NAP_RETURN_IF_ERROR(state_.Load(checkpoint));
  for (size_t track = 0; track < tracks_.size(); ++track) {
    NAP_RETURN_IF_ERROR(tracks_[track].Load(Prefix(track), checkpoint));
  }
  size_t candidates = 0;
  trainer_.living().ForEach([&](bool) { ++candidates; });
  if (!state_.mixing_weights.empty() && state_.mixing_weights.size() != candidates) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint does not fit: mixing weights of ",
                     state_.mixing_weights.size(), " candidates, not ", candidates));
  }
  PruneTrainer();
  NAP_RETURN_IF_ERROR(trainer_.Load(checkpoint));
  for (size_t track = 0; track < tracks_.size(); ++track) {
    std::vector<double>& observed = observed_[track];
    for (size_t i = 0; i < observed.size(); ++i) {
      NAP_RETURN_IF_ERROR(Get(checkpoint.numbers, Prefix(track) + CriterionName(i), &observed[i]));
    }
  }
  return parts_.criterion->SetState(observed_[asked_]);
}

// The validation part may be the smaller one: it is then gone through more often.
absl::Status SearcherImpl::NextValid(Batch* batch) {
  if (!valid_loader_started_) valid_loader_.StartEpoch(state_.valid_pass, state_.valid_batch);
  valid_loader_started_ = true;
  if (!NextBatch(&valid_loader_, options_.processes.get(), /*least_images=*/1, batch)) {
    valid_loader_.StartEpoch(++state_.valid_pass);
    if (!NextBatch(&valid_loader_, options_.processes.get(), /*least_images=*/1, batch)) {
      return absl::DataLossError("every image of the validation part is broken");
    }
  }
  state_.valid_batch = valid_loader_.next_batch();
  return absl::OkStatus();
}

absl::Status SearcherImpl::EvaluateValidPart(SearchObserver* observer) {
  NAP_ASSIGN_OR_RETURN(
      const ClassificationMeter valid,
      loop_.Evaluate(&evaluation_loader_, "validation part", observer,
                     [this](const Batch& batch) { return trainer_.Evaluate(batch); }));
  state_.valid_loss = valid.loss();
  state_.valid_accuracy = valid.accuracy();
  state_.is_evaluated = true;
  return absl::OkStatus();
}

// What has gone is in the tracks, so that the search can be saved, and go on, between two scorings.
absl::Status SearcherImpl::PruneAt(SearchObserver* observer) {
  const int milestone = options_.milestones.At(loop_.epoch());
  if (milestone < 0) return absl::OkStatus();
  view_.SetMilestone(milestone);
  scored_.clear();
  const double begin = MonotonicSeconds();
  for (size_t track = 0; track < tracks_.size(); ++track) {
    NAP_RETURN_IF_ERROR(
        PruneTrack(track, options_.milestones.Progress(milestone), begin, observer));
  }
  return absl::OkStatus();
}

absl::Status SearcherImpl::PruneTrack(size_t number, double progress, double begin,
                                      SearchObserver* observer) {
  Track& track = tracks_[number];
  // A score may be expensive.
  while (!track.IsMet(progress)) {
    const int64_t most = MostRemovals(track.OperationsAlive());
    NAP_ASSIGN_OR_RETURN(const ScoreTable scores, ScoreOnce(number, observer));
    NAP_ASSIGN_OR_RETURN(std::vector<Removal> removed, track.Prune(scores, progress, most));
    if (removed.empty()) break;
    PruneTrainer();
    loop_.Seconds();
    EstimateScorings(scores);
    NAP_RETURN_IF_ERROR(options_.processes->Agree(observer->OnPruning(
        {loop_.epoch(), std::move(removed), track.OperationsAlive(), MonotonicSeconds() - begin,
         static_cast<int>(number), static_cast<int>(tracks_.size())})));
  }
  return absl::OkStatus();
}

// By one scoring, of so many that live.
int64_t SearcherImpl::MostRemovals(int alive) const {
  const int64_t most = parts_.criterion->RemovalsPerScoring(alive);
  return most == 0 ? PrunerOptions::kAnyNumber : most;
}

// Of what no track wants any more.
void SearcherImpl::PruneTrainer() {
  std::vector<CandidateId> gone;
  for (int cell = 0; cell < parts_.space.NumCellTypes(); ++cell) {
    for (int edge = 0; edge < parts_.space.NumEdges(cell); ++edge) {
      for (int operation = 0; operation < parts_.space.NumOperations(); ++operation) {
        const CandidateId id{cell, edge, operation};
        if (trainer_.living()[id] &&
            std::none_of(tracks_.begin(), tracks_.end(),
                         [&id](const Track& track) { return track.living()[id]; })) {
          gone.push_back(id);
        }
      }
    }
  }
  trainer_.Prune(gone);
}

// The criterion from now on, which goes on with what it knows of this track. There is one for all:
// it may hold large networks.
absl::Status SearcherImpl::Ask(size_t track) {
  if (track == asked_) return absl::OkStatus();
  observed_[asked_] = parts_.criterion->State();
  asked_ = track;
  return parts_.criterion->SetState(observed_[track]);
}

// As long as tracks are alike, they share their scorings: the criterion would say the same again,
// unless it has looked at the budget.
absl::StatusOr<ScoreTable> SearcherImpl::ScoreOnce(size_t track, SearchObserver* observer) {
  NAP_RETURN_IF_ERROR(Ask(track));
  const LivingTable& living = tracks_[track].living();
  const std::vector<double> before = parts_.criterion->State();
  const auto found = std::find_if(scored_.begin(), scored_.end(), [&](const Scored& scored) {
    return scored.before == before && scored.living == living;
  });
  // All processes or none.
  if (HasFront() && options_.processes->Sum(found == scored_.end() ? 1.0 : 0.0) == 0) {
    NAP_RETURN_IF_ERROR(parts_.criterion->SetState(found->after));
    return found->scores;
  }
  NAP_ASSIGN_OR_RETURN(ScoreTable scores, Score(track, observer));
  TakeFirstScores(&scores);
  if (HasFront() && !view_.saw_budget()) {
    scored_.push_back({living, before, parts_.criterion->State(), scores});
  }
  return scores;
}

// By the criterion, whose state is what it was if the user breaks it off.
absl::StatusOr<ScoreTable> SearcherImpl::Score(size_t track, SearchObserver* observer) {
  const int alive = tracks_[track].OperationsAlive();
  const double expected = scoring_seconds_ * alive;
  scoring_seconds_left_ = std::max(0., scoring_seconds_left_ - expected);
  const std::vector<double> before = parts_.criterion->State();
  Phase phase = loop_.NewPhase(absl::StrCat("scoring ", alive, " operations", PointText(track)),
                               expected, observer);
  view_.SetPhase(&phase);
  view_.SetTrack(&tracks_[track]);
  trainer_.UseOnly(tracks_[track].living());
  absl::StatusOr<ScoreTable> scores = parts_.criterion->Score(view_);
  trainer_.UseOnly(trainer_.living());
  view_.SetPhase(nullptr);
  if (phase.IsBrokenOff()) {
    NAP_RETURN_IF_ERROR(parts_.criterion->SetState(before));
    return phase.End();
  }
  scoring_seconds_ = phase.seconds() / alive;
  return scores;
}

// Of the scorings to come, if they take as long as the last one for each operation, and if what
// goes is what its scores say.
void SearcherImpl::EstimateScorings(const ScoreTable& scores) {
  std::vector<MilestoneLiving> shared;
  for (const Scored& scored : scored_) shared.emplace_back(view_.milestone(), scored.living);
  scoring_seconds_left_ = 0;
  for (const Track& track : tracks_) {
    scoring_seconds_left_ += SecondsToScore(track, scores, &shared);
  }
}

double SearcherImpl::SecondsToScore(const Track& track, const ScoreTable& scores,
                                    std::vector<MilestoneLiving>* shared) const {
  const Milestones& milestones = options_.milestones;
  LivingTable living = track.living();
  double seconds = 0;
  for (int milestone = view_.milestone(); milestone < milestones.Count(); ++milestone) {
    const double progress = milestones.Progress(milestone);
    while (!track.pruner().IsMet(progress, living)) {
      const auto alive = static_cast<int>(LivingOperations(parts_.space, living).size());
      const MilestoneLiving scored = {milestone, living};
      if (std::find(shared->begin(), shared->end(), scored) == shared->end()) {
        seconds += scoring_seconds_ * alive;
        if (HasFront() && !view_.saw_budget()) shared->push_back(scored);
      }
      const auto removed = track.pruner().Prune(scores, progress, &living, MostRemovals(alive));
      if (!removed.ok() || removed->empty()) return seconds;
    }
  }
  return seconds;
}

std::string SearcherImpl::PointText(size_t track) const {
  return HasFront() ? absl::StrCat(" of point ", track + 1, " of ", tracks_.size()) : "";
}

// Rank 0's, if other processes have computed them, too: on another kind of machine rounding, and so
// the order of two that are nearly the same, may be another.
void SearcherImpl::TakeFirstScores(ScoreTable* scores) {
  if (options_.processes->size() == 1) return;
  std::vector<double> values;
  scores->ForEach([&](double value) { values.push_back(value); });
  const at::Tensor tensor =
      at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kDouble);
  options_.processes->Broadcast(std::vector<at::Tensor>{tensor});
  auto value = values.begin();
  scores->ForEach([&](double& score) { score = *value++; });
}

absl::StatusOr<Genotype> SearcherImpl::GenotypeIfItEndedNow() {
  Track track = tracks_.front();
  trainer_.UseOnly(track.living());
  ScoreTable scores = trainer_.MixingWeights();
  trainer_.UseOnly(trainer_.living());
  scores.ForEach([](double& score) { score = std::abs(score); });
  NAP_RETURN_IF_ERROR(track.Prune(scores, /*progress=*/1, PrunerOptions::kAnyNumber).status());
  return GenotypeOf(track);
}

// At the end of the last epoch. What is judged is in the state, one after the other.
absl::Status SearcherImpl::JudgeFront(SearchObserver* observer) {
  if (!HasFront() || loop_.epoch() < options_.epochs) return absl::OkStatus();
  if (options_.epochs == 0) return JudgeUntrained(observer);
  // The same images again count once.
  const int64_t broken_images = loop_.state().broken_images;
  for (size_t track = state_.qualities.size(); track < tracks_.size(); ++track) {
    evaluations_left_ = static_cast<int>(tracks_.size() - track) - 1;
    trainer_.UseOnly(tracks_[track].living());
    const absl::StatusOr<ClassificationMeter> valid =
        loop_.Evaluate(&evaluation_loader_, absl::StrCat("validation part", PointText(track)),
                       observer, [this](const Batch& batch) { return trainer_.Evaluate(batch); });
    trainer_.UseOnly(trainer_.living());
    loop_.state().broken_images = broken_images;
    NAP_RETURN_IF_ERROR(valid.status());
    state_.qualities.push_back(valid->accuracy());
  }
  return absl::OkStatus();
}

absl::Status SearcherImpl::JudgeUntrained(SearchObserver* observer) {
  Phase phase = loop_.NewPhase("scoring the points of the front", /*expected=*/0, observer);
  view_.SetPhase(&phase);
  const auto scores = view_.ShareOut(
      static_cast<int64_t>(tracks_.size()),
      [this](int64_t track) -> absl::StatusOr<SearchView::Numbers> {
        NAP_ASSIGN_OR_RETURN(const double score, view_.ArchitectureScore(options_.front_score,
                                                                         tracks_[track].living()));
        return SearchView::Numbers{score};
      });
  view_.SetPhase(nullptr);
  if (phase.IsBrokenOff()) return phase.End();
  NAP_RETURN_IF_ERROR(scores.status());
  state_.qualities.clear();
  for (const SearchView::Numbers& score : *scores) state_.qualities.push_back(score[0]);
  return absl::OkStatus();
}

std::vector<FrontPoint> SearcherImpl::Front() const {
  std::vector<FrontPoint> points;
  for (size_t track = 0; HasFront() && track < tracks_.size(); ++track) {
    points.push_back(
        {parts_.budgets[track].limit, GenotypeOf(tracks_[track]), state_.qualities[track]});
  }
  return points;
}

// Weights alone, of what operation dropout leaves.
StepResult SearcherImpl::WarmUpStep(const Batch& train) {
  if (options_.operation_dropout == 0) return WeightStep(trainer_, train);
  LivingTable kept = trainer_.living();
  RandomStream random({options_.seed, kDropoutStream, static_cast<uint64_t>(loop_.epoch()),
                       static_cast<uint64_t>(loop_.step())});
  for (const CandidateId& id : LivingOperations(parts_.space, trainer_.living())) {
    if (random.Uniform() < options_.operation_dropout) kept[id] = false;
  }
  StepResult result = trainer_.Backward(train, trainer_.MixingWeights(kept, std::nullopt));
  if (std::isfinite(result.loss)) trainer_.ApplyWeights();
  return result;
}

absl::StatusOr<StepResult> SearcherImpl::TrainStep(const Batch& train) {
  const std::string advice =
      absl::StrCat("the search diverged; lower --learning_rate=", options_.learning_rate,
                   " or --strength_learning_rate=", options_.strength_learning_rate);
  StepResult result;
  if (loop_.epoch() <= options_.warmup_epochs) {
    result = WarmUpStep(train);
  } else {
    Batch valid;
    if (parts_.optimization.reads_valid) NAP_RETURN_IF_ERROR(NextValid(&valid));
    const ScoreTable strengths = trainer_.Strengths();
    const OptimizationResult both = parts_.optimization.step(trainer_, train, valid);
    NAP_RETURN_IF_ERROR(CheckFinite(both.strength_loss, "strengths' loss", loop_, advice));
    const ScoreTable gradients = trainer_.AppliedStrengthGradients();
    for (size_t track = 0; track < tracks_.size(); ++track) {
      NAP_RETURN_IF_ERROR(Ask(track));
      parts_.criterion->ObserveStrengthStep(strengths, gradients);
    }
    state_.strength_losses += both.strength_loss;
    ++state_.strength_steps;
    result = both.train;
  }
  NAP_RETURN_IF_ERROR(CheckFinite(result.loss, "training loss", loop_, advice));
  return result;
}

absl::Status SearcherImpl::RunEpoch(SearchObserver* observer) {
  const int epoch = loop_.epoch();
  const double learning_rate = CosineAnnealing(options_.learning_rate, options_.final_learning_rate,
                                               static_cast<double>(epoch - 1) / options_.epochs);
  trainer_.SetLearningRate(learning_rate);
  trainer_.SetAuxiliarySkip(options_.auxiliary_skip * (options_.epochs - epoch) /
                            std::max(1, options_.epochs - 1));
  const StrengthLoss& loss = parts_.strength_loss;
  trainer_.SetStrengthLossWeight(
      loss.weight * (loss.rises ? static_cast<double>(epoch - 1) / options_.epochs : 1));
  const int alive = tracks_.front().OperationsAlive();
  NAP_RETURN_IF_ERROR(
      loop_.RunSteps([this](const Batch& batch) { return TrainStep(batch); },
                     [&](const StepReport& report) {
                       return observer->OnStep({report, state_.strength_loss(), alive});
                     }));
  // A milestone that was interrupted has measured it before.
  if (!state_.is_evaluated) NAP_RETURN_IF_ERROR(EvaluateValidPart(observer));
  SearchEpochReport report = NewReport(learning_rate);
  report.strength_loss = state_.strength_loss();
  report.valid_loss = state_.valid_loss;
  report.valid_accuracy = state_.valid_accuracy;
  return EndEpoch(std::move(report), observer);
}

// A milestone before the first epoch.
absl::Status SearcherImpl::RunStart(SearchObserver* observer) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  loop_.StartClock();
  SearchEpochReport report = NewReport(/*learning_rate=*/kNone);
  report.train_loss = report.train_accuracy = kNone;
  report.strength_loss = report.valid_loss = report.valid_accuracy = kNone;
  return EndEpoch(std::move(report), observer);
}

SearchEpochReport SearcherImpl::NewReport(double learning_rate) {
  trainer_.UseOnly(tracks_.front().living());
  SearchEpochReport report = {loop_.Report(learning_rate), trainer_.Strengths(),
                              trainer_.MixingWeights(), trainer_.EdgeStrengths()};
  trainer_.UseOnly(trainer_.living());
  return report;
}

// As they were before anything went, in a milestone that was interrupted, too.
void SearcherImpl::KeepMixingWeights(SearchEpochReport* report) {
  if (!state_.mixing_weights.empty()) {
    auto weight = state_.mixing_weights.begin();
    report->mixing_weights.ForEach([&](double& value) { value = *weight++; });
    return;
  }
  report->mixing_weights.ForEach([&](double value) { state_.mixing_weights.push_back(value); });
}

absl::Status SearcherImpl::EndEpoch(SearchEpochReport report, SearchObserver* observer) {
  KeepMixingWeights(&report);
  NAP_RETURN_IF_ERROR(PruneAt(observer));
  NAP_RETURN_IF_ERROR(JudgeFront(observer));
  const Track& own = tracks_.front();
  report.pruned = own.pruned();
  report.removals = own.removals();
  report.scorings = own.Scorings();
  NAP_ASSIGN_OR_RETURN(report.genotype, GenotypeIfItEndedNow());
  for (int cell = 0; cell < parts_.space.NumCellTypes(); ++cell) {
    const auto living = LivingOperations(parts_.space, own.living(), cell);
    report.operations_alive.push_back(static_cast<int>(living.size()));
    report.living.insert(report.living.end(), living.begin(), living.end());
  }
  for (const Track& track : tracks_) {
    if (HasFront()) report.tracks_alive.push_back(track.OperationsAlive());
  }
  report.supernet_alive =
      static_cast<int>(LivingOperations(parts_.space, trainer_.living()).size());
  report.parameters = trainer_.NumParameters();
  loop_.Finish(&report);
  loop_.state().NextEpoch();
  state_.NextEpoch();
  for (Track& track : tracks_) track.NextMilestone();
  return options_.processes->Agree(observer->OnEpoch(report));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Searcher>> Searcher::Create(const SearchOptions& options,
                                                           const Dataset* images) {
  NAP_ASSIGN_OR_RETURN(SearchParts parts, MakeSearchParts(options, images));
  return std::make_unique<SearcherImpl>(std::move(parts));
}

}  // namespace nap
