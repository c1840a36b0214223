#include "nap/search/searcher.h"

#include <absl/strings/str_cat.h>

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
#include "nap/search/track_scorer.h"
#include "nap/training/checkpoint.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/images_state.h"
#include "nap/training/learning_rate.h"
#include "nap/training/phase.h"

namespace nap {
namespace {

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
        view_(&parts_, &trainer_, tracks_.data()),
        scorer_(&parts_, &trainer_, &view_, &loop_, &tracks_),
        loop_({"train part", options_.epochs, options_.steps_per_epoch, options_.processes.get(),
               /*least_images=*/1,
               [this](int epoch) {
                 return epoch > options_.warmup_epochs ? parts_.optimization.passes : 1;
               },
               [this] {
                 return scorer_.seconds_left() + evaluations_left_ * loop_.evaluation_seconds();
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
  std::string DivergedAdvice() const;
  absl::StatusOr<StepResult> TrainStep(const Batch& train);
  StepResult WarmUpStep(const Batch& train);
  absl::Status NextValid(Batch* batch);
  absl::Status EvaluateValidPart(SearchObserver* observer);
  SearchEpochReport NewReport(double learning_rate);
  absl::Status EndEpoch(SearchEpochReport report, SearchObserver* observer);
  void KeepMixingWeights(SearchEpochReport* report);
  absl::Status PruneAt(SearchObserver* observer);
  absl::Status PruneTrack(size_t track, double progress, double begin, SearchObserver* observer);
  void PruneTrainer();
  absl::StatusOr<Genotype> GenotypeIfItEndedNow();
  absl::Status JudgeFront(SearchObserver* observer);
  absl::Status JudgeUntrained(SearchObserver* observer);
  bool HasFront() const { return tracks_.size() > 1; }
  Genotype GenotypeOf(const Track& track) const {
    return nap::GenotypeOf(parts_.search_space->name(), parts_.space, track.living());
  }

  SearchParts parts_;
  const SearchOptions& options_;
  SupernetTrainer trainer_;
  std::vector<Track> tracks_;  // the first is the search's own, others are points of its front
  CriterionView view_;
  TrackScorer scorer_;
  EpochLoop loop_;
  Loader valid_loader_;
  Loader evaluation_loader_;
  const ImagesState images_;
  SearchState state_;
  bool valid_loader_started_ = false;
  int evaluations_left_ = 0;  // of a front's points
};

Checkpoint SearcherImpl::Save() const {
  Checkpoint checkpoint;
  images_.Save(&checkpoint);
  loop_.state().Save(&checkpoint);
  state_.Save(&checkpoint);
  trainer_.Save(&checkpoint);
  for (size_t track = 0; track < tracks_.size(); ++track) {
    tracks_[track].Save(TrackPrefix(track), &checkpoint);
  }
  scorer_.Save(&checkpoint);
  return checkpoint;
}

absl::Status SearcherImpl::Load(const Checkpoint& checkpoint) {
  NAP_RETURN_IF_ERROR(images_.Check(checkpoint));
  NAP_RETURN_IF_ERROR(loop_.state().Load(checkpoint));
  NAP_RETURN_IF_ERROR(state_.Load(checkpoint));
  for (size_t track = 0; track < tracks_.size(); ++track) {
    NAP_RETURN_IF_ERROR(
        tracks_[track].Load(TrackPrefix(track), checkpoint, parts_.criterion->scores().size()));
  }
  size_t candidates = 0;
  trainer_.living().ForEach([&](bool) { ++candidates; });
  if (!state_.mixing_weights.empty() && state_.mixing_weights.size() != candidates) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint does not fit: mixing weights of ",
                     state_.mixing_weights.size(), " candidates, not ", candidates));
  }
  const bool is_judged = loop_.epoch() > options_.epochs;
  if (HasFront() && (state_.qualities.size() > tracks_.size() ||
                     (is_judged && state_.qualities.size() < tracks_.size()))) {
    return absl::FailedPreconditionError(absl::StrCat("the checkpoint does not fit: it has ",
                                                      state_.qualities.size(), " qualities of ",
                                                      tracks_.size(), " networks"));
  }
  PruneTrainer();
  NAP_RETURN_IF_ERROR(trainer_.Load(checkpoint));
  return scorer_.Load(checkpoint);
}

// The validation part may be the smaller one: it is then gone through more often.
absl::Status SearcherImpl::NextValid(Batch* batch) {
  if (!valid_loader_started_) valid_loader_.StartEpoch(state_.valid_pass, state_.valid_batch);
  valid_loader_started_ = true;
  if (!NextBatch(&valid_loader_, options_.processes.get(), /*least_images=*/1, batch)) {
    valid_loader_.StartEpoch(++state_.valid_pass);
    if (!NextBatch(&valid_loader_, options_.processes.get(), /*least_images=*/1, batch)) {
      return NoImages("validation part", /*least_images=*/1);
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
  scorer_.BeginMilestone(milestone);
  const double begin = MonotonicSeconds();
  for (size_t track = 0; track < tracks_.size(); ++track) {
    NAP_RETURN_IF_ERROR(
        PruneTrack(track, options_.milestones.Progress(milestone), begin, observer));
  }
  return absl::OkStatus();
}

absl::Status SearcherImpl::PruneTrack(size_t number, double progress, double begin,
                                      SearchObserver* observer) {
  if (!scorer_.Asks(progress)) return absl::OkStatus();
  Track& track = tracks_[number];
  // A score may be expensive.
  while (!track.IsMet(progress)) {
    const int64_t most = scorer_.MostRemovals(track.OperationsAlive());
    NAP_ASSIGN_OR_RETURN(const NumberTable scores, scorer_.Score(number, observer));
    const LivingTable* choice = parts_.criterion->choice();
    NAP_ASSIGN_OR_RETURN(std::vector<Removal> removed, choice != nullptr
                                                           ? track.Keep(*choice, scores)
                                                           : track.Prune(scores, progress, most));
    if (removed.empty()) break;
    track.NoteSamples(parts_.criterion->samples());
    PruneTrainer();
    loop_.Seconds();
    scorer_.Estimate(scores);
    NAP_RETURN_IF_ERROR(options_.processes->Agree(observer->OnPruning(
        {loop_.epoch(), std::move(removed), track.OperationsAlive(), MonotonicSeconds() - begin,
         static_cast<int>(number), static_cast<int>(tracks_.size())})));
  }
  return absl::OkStatus();
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

absl::StatusOr<Genotype> SearcherImpl::GenotypeIfItEndedNow() {
  Track track = tracks_.front();
  const UseOnly own(&trainer_, track.living());
  NumberTable scores = trainer_.MixingWeights();
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
    const UseOnly own(&trainer_, tracks_[track].living());
    const absl::StatusOr<ClassificationMeter> valid = loop_.Evaluate(
        &evaluation_loader_, absl::StrCat("validation part", scorer_.PointText(track)), observer,
        [this](const Batch& batch) { return trainer_.Evaluate(batch); });
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
  StepResult result = trainer_.Backward(train, trainer_.MixingTensors(kept, std::nullopt));
  if (std::isfinite(result.loss)) trainer_.ApplyWeights();
  return result;
}

std::string SearcherImpl::DivergedAdvice() const {
  return absl::StrCat("the search diverged; lower --learning_rate=", options_.learning_rate,
                      " or --strength_learning_rate=", options_.strength_learning_rate);
}

absl::StatusOr<StepResult> SearcherImpl::TrainStep(const Batch& train) {
  const std::string advice = DivergedAdvice();
  StepResult result;
  if (loop_.epoch() <= options_.warmup_epochs) {
    result = WarmUpStep(train);
  } else {
    Batch valid;
    if (parts_.optimization.reads_valid) NAP_RETURN_IF_ERROR(NextValid(&valid));
    const NumberTable strengths = trainer_.Strengths();
    const OptimizationResult both = parts_.optimization.step(trainer_, train, valid);
    NAP_RETURN_IF_ERROR(CheckFinite(both.strength_loss, "strengths' loss", loop_, advice));
    NAP_RETURN_IF_ERROR(
        scorer_.ObserveStrengthStep(strengths, trainer_.AppliedStrengthGradients()));
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
  // The last step's loss was from before it.
  double sum = 0;
  trainer_.MixingWeights().ForEach([&sum](double weight) { sum += std::abs(weight); });
  NAP_RETURN_IF_ERROR(CheckFinite(sum, "mixing weights' sum", loop_, DivergedAdvice()));
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
  const UseOnly own(&trainer_, tracks_.front().living());
  return {loop_.Report(learning_rate), trainer_.Strengths(), trainer_.MixingWeights(),
          trainer_.EdgeStrengths()};
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
  report.score_names = parts_.criterion->scores();
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
