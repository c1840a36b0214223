#include "nap/search/searcher.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/loader.h"
#include "data/split.h"
#include "nap/base/clock.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/cost_weighting.h"
#include "nap/pruning/criterion.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/runtime/device.h"
#include "nap/runtime/memory.h"
#include "nap/scores/score.h"
#include "nap/search/candidate_space.h"
#include "nap/search/final_cost.h"
#include "nap/search/network_view.h"
#include "nap/search/optimization.h"
#include "nap/search/search_state.h"
#include "nap/search/supernet_trainer.h"
#include "nap/training/checkpoint.h"
#include "nap/training/learning_rate.h"
#include "nap/training/meter.h"
#include "nap/training/pace.h"

namespace nap {
namespace {

// Tells the streams of one seed apart.
constexpr uint64_t kTrainStream = 1;
constexpr uint64_t kValidStream = 2;
constexpr uint64_t kCriterionStream = 3;
constexpr uint64_t kArchitectureStream = 4;
constexpr uint64_t kDropoutStream = 5;

AugmentationOptions Augmentation(const SearchOptions& options, const Dataset& images, bool train) {
  AugmentationOptions augmentation;
  augmentation.mean = images.mean();
  augmentation.stddev = images.stddev();
  augmentation.crop_padding = train ? options.crop_padding : 0;
  augmentation.flip = train && options.flip;
  augmentation.cutout = train ? options.cutout : 0;
  return augmentation;
}

LoaderOptions Loading(const SearchOptions& options, const Dataset& images, bool train,
                      uint64_t stream) {
  LoaderOptions loading;
  loading.batch_size = options.batch_size;
  loading.shuffle = train;
  loading.drop_last = true;
  loading.training_view = train;
  loading.workers = options.workers;
  // Splitting the seed keeps the two parts' augmentations independent of each other.
  loading.seed = RandomStream({options.seed, stream}).Bits();
  loading.augmentation = Augmentation(options, images, train);
  return loading;
}

// Names in a checkpoint.
constexpr char kImages[] = "images";
std::string CriterionName(size_t place) { return absl::StrCat("criterion.", place); }

// Tells most sets of images apart.
std::string Describe(const Dataset& images) {
  return absl::StrCat(images.size(), " images of ", images.num_classes(), " classes with mean ",
                      absl::StrJoin(images.mean(), ", "), " and deviation ",
                      absl::StrJoin(images.stddev(), ", "));
}

absl::Status NoImages(const char* part) {
  return absl::DataLossError(absl::StrCat("every image of the ", part, " part is broken"));
}

class SearcherImpl final : public Searcher, private SearchView {
 public:
  struct Parts {
    std::unique_ptr<SearchSpace> search_space;
    NetworkPlan plan;
    CandidateSpace space;
    const RelaxationDefinition* relaxation;
    const OptimizationDefinition* optimization;
    const StrengthLossDefinition* strength_loss;
    const PruningScheduleDefinition* schedule;
    std::unique_ptr<PruningCriterion> criterion;
    Pruner pruner;
    std::vector<int64_t> train;
    std::vector<int64_t> valid;
  };

  SearcherImpl(const SearchOptions& options, const Dataset* images, Parts parts)
      : options_(options),
        parts_(std::move(parts)),
        living_(parts_.space, true),
        trainer_(options, parts_.plan, parts_.space, *parts_.relaxation, *parts_.strength_loss),
        train_loader_(images, parts_.train, Loading(options, *images, true, kTrainStream)),
        valid_loader_(images, parts_.valid, Loading(options, *images, true, kValidStream)),
        evaluation_loader_(images, EvaluationPart(),
                           Loading(options, *images, false, kValidStream)),
        steps_per_epoch_(train_loader_.batches_per_epoch()),
        dataset_(images),
        images_(Describe(*images)) {
    if (options_.milestones.begin == 0) state_.epoch = 0;
    if (options_.steps_per_epoch > 0) {
      steps_per_epoch_ = std::min(steps_per_epoch_, options_.steps_per_epoch);
    }
  }

  const SearchSpace& search_space() const override { return *parts_.search_space; }
  const CandidateSpace& space() const override { return parts_.space; }

  Checkpoint Save() const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  absl::StatusOr<Genotype> Run(SearchObserver* observer) override {
    if (state_.epoch == 0) NAP_RETURN_IF_ERROR(RunStart(observer));
    while (state_.epoch <= options_.epochs) NAP_RETURN_IF_ERROR(RunEpoch(observer));
    return GenotypeOf(parts_.search_space->name(), parts_.space, living_);
  }

 private:
  // SearchView, for the criterion.
  const LivingTable& living() const override { return living_; }
  ScoreTable MixingWeights() const override { return trainer_.MixingWeights(); }
  uint64_t seed() const override { return options_.seed; }
  int milestone() const override { return milestone_; }
  double ValidationLoss(std::optional<CandidateId> without) override {
    if (criterion_batches_.empty()) {
      evaluation_loader_.StartEpoch(0);
      Batch batch;
      while (static_cast<int64_t>(criterion_batches_.size()) < options_.criterion_batches &&
             evaluation_loader_.Next(&batch)) {
        criterion_batches_.push_back(batch);
      }
    }
    double sum = 0;
    for (const Batch& batch : criterion_batches_) sum += trainer_.Evaluate(batch, without).loss;
    return sum / static_cast<double>(criterion_batches_.size());
  }

  absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice& choice) override;
  absl::StatusOr<ScoreTable> FinalParameters() override {
    return FindFinalParameters(options_.final_network, *parts_.search_space, parts_.space);
  }
  absl::StatusOr<LivingTable> RandomArchitecture(uint64_t number) override;
  absl::StatusOr<double> ArchitectureScore(const std::string& score,
                                           const LivingTable& architecture) override;
  absl::StatusOr<Batch> CriterionBatch(int64_t images, int64_t number) const;

  std::vector<int64_t> EvaluationPart() const {
    std::vector<int64_t> part = parts_.valid;
    if (options_.evaluation_images > 0 &&
        options_.evaluation_images < static_cast<int64_t>(part.size())) {
      part.resize(static_cast<size_t>(std::max(options_.evaluation_images, options_.batch_size)));
    }
    return part;
  }

  absl::Status RunEpoch(SearchObserver* observer);
  absl::Status RunStart(SearchObserver* observer);
  EpochReport NewReport() const;
  absl::Status EndEpoch(EpochReport report, double begin, SearchObserver* observer);
  absl::Status TrainEpoch(SearchObserver* observer);
  absl::Status TrainStep(const Batch& train);
  LivingTable DropOperations(int epoch, int64_t step) const;
  absl::Status CheckFinite(double loss, const char* what, int epoch, int64_t step) const;
  absl::Status NextValid(Batch* batch);
  ClassificationMeter EvaluateValidPart();
  absl::Status PruneAt(double begin, SearchObserver* observer);
  std::vector<Removal> Explain(const std::vector<CandidateId>& removed,
                               const ScoreTable& scores) const;
  absl::StatusOr<Genotype> GenotypeIfItEndedNow() const;
  std::vector<CandidateId> Living(std::vector<int>* counts) const;
  double SecondsLeft(int epoch, int64_t step) const;

  // What a step costs compared with one of the warm-up.
  double StepUnits(int epoch) const {
    return epoch > options_.warmup_epochs ? parts_.optimization->passes : 1;
  }

  const SearchOptions options_;
  Parts parts_;
  LivingTable living_;
  SupernetTrainer trainer_;
  Loader train_loader_;
  Loader valid_loader_;
  Loader evaluation_loader_;
  int64_t steps_per_epoch_;
  const Dataset* const dataset_;
  std::string images_;  // what can be told of them
  SearchState state_;
  bool valid_loader_started_ = false;
  int milestone_ = 0;
  std::vector<Batch> criterion_batches_;
  Pace pace_;  // of units, see StepUnits
};

Checkpoint SearcherImpl::Save() const {
  Checkpoint checkpoint;
  checkpoint.strings[kImages] = images_;
  state_.Save(&checkpoint);
  SaveLiving(parts_.space, living_, &checkpoint);
  trainer_.Save(&checkpoint);
  const std::vector<double> observed = parts_.criterion->State();
  for (size_t i = 0; i < observed.size(); ++i) checkpoint.numbers[CriterionName(i)] = observed[i];
  return checkpoint;
}

absl::Status SearcherImpl::Load(const Checkpoint& checkpoint) {
  std::string images;
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kImages, &images));
  if (images != images_) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the images are not those of the checkpoint: ", images, " there, ", images_, " here"));
  }
  NAP_RETURN_IF_ERROR(state_.Load(checkpoint));
  size_t candidates = 0;
  for (int cell = 0; cell < static_cast<int>(parts_.space.cells.size()); ++cell) {
    candidates += living_.Values(cell).size();
  }
  if (state_.scorings > 0 && state_.mixing_weights.size() != candidates) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint does not fit: mixing weights of ",
                     state_.mixing_weights.size(), " candidates, not ", candidates));
  }
  NAP_ASSIGN_OR_RETURN(const auto removed, LoadLiving(checkpoint, parts_.space, &living_));
  trainer_.Prune(removed, living_);
  NAP_RETURN_IF_ERROR(trainer_.Load(checkpoint));
  std::vector<double> observed(parts_.criterion->State().size());
  for (size_t i = 0; i < observed.size(); ++i) {
    NAP_RETURN_IF_ERROR(Get(checkpoint.numbers, CriterionName(i), &observed[i]));
  }
  return parts_.criterion->SetState(observed);
}

absl::Status SearcherImpl::CheckFinite(double loss, const char* what, int epoch,
                                       int64_t step) const {
  if (std::isfinite(loss)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the ", what, " became ", loss, " in epoch ", epoch, ", step ", step,
                   ": the search diverged; lower --learning_rate=", options_.learning_rate,
                   " or --strength_learning_rate=", options_.strength_learning_rate));
}

// The validation part may be the smaller one: it is then gone through more often.
absl::Status SearcherImpl::NextValid(Batch* batch) {
  if (!valid_loader_started_) valid_loader_.StartEpoch(state_.valid_pass, state_.valid_batch);
  valid_loader_started_ = true;
  if (!valid_loader_.Next(batch)) {
    valid_loader_.StartEpoch(++state_.valid_pass);
    if (!valid_loader_.Next(batch)) return NoImages("validation");
  }
  state_.valid_batch = valid_loader_.next_batch();
  return absl::OkStatus();
}

ClassificationMeter SearcherImpl::EvaluateValidPart() {
  ClassificationMeter meter;
  evaluation_loader_.StartEpoch(0);
  Batch batch;
  while (evaluation_loader_.Next(&batch)) {
    const StepResult result = trainer_.Evaluate(batch);
    meter.Add(result.loss, result.logits, batch.labels);
  }
  return meter;
}

// `begin`: of the epoch. What has gone is in the state, so that the search can be saved, and go on,
// between two scorings.
absl::Status SearcherImpl::PruneAt(double begin, SearchObserver* observer) {
  const int epoch = static_cast<int>(state_.epoch);
  milestone_ = options_.milestones.At(epoch);
  if (milestone_ < 0) return absl::OkStatus();
  const double pruning_begin = MonotonicSeconds();
  const double progress = (milestone_ + 1) / static_cast<double>(options_.milestones.Count());
  // A score may be expensive.
  while (!parts_.pruner.IsMet(progress, living_)) {
    const int64_t most = parts_.criterion->RemovalsPerScoring(
        static_cast<int64_t>(LivingOperations(parts_.space, living_).size()));
    NAP_ASSIGN_OR_RETURN(const ScoreTable scores, parts_.criterion->Score(*this));
    NAP_ASSIGN_OR_RETURN(const std::vector<CandidateId> removed,
                         parts_.pruner.Prune(scores, progress, &living_,
                                             most == 0 ? PrunerOptions::kAnyNumber : most));
    if (removed.empty()) break;
    trainer_.Prune(removed, living_);
    ++state_.scorings;
    std::vector<Removal> explained = Explain(removed, scores);
    state_.pruned.insert(state_.pruned.end(), removed.begin(), removed.end());
    state_.removals.insert(state_.removals.end(), explained.begin(), explained.end());
    std::vector<int> alive;
    Living(&alive);
    const double now = MonotonicSeconds();
    state_.seconds = now - begin;
    NAP_RETURN_IF_ERROR(
        observer->OnPruning({epoch, std::move(explained),
                             std::accumulate(alive.begin(), alive.end(), 0), now - pruning_begin}));
  }
  return absl::OkStatus();
}

// Zero operations are not scored and go without a reason of their own.
std::vector<Removal> SearcherImpl::Explain(const std::vector<CandidateId>& removed,
                                           const ScoreTable& scores) const {
  double next = std::numeric_limits<double>::infinity();
  for (const CandidateId& id : LivingOperations(parts_.space, living_)) {
    next = std::min(next, scores[id]);
  }
  std::vector<Removal> removals;
  for (const CandidateId& id : removed) {
    if (parts_.space.operations[id.operation].is_zero) continue;
    removals.push_back({id, scores[id], next, static_cast<int>(state_.scorings)});
  }
  return removals;
}

absl::StatusOr<std::unique_ptr<NetworkView>> SearcherImpl::Network(const NetworkChoice& choice) {
  NAP_ASSIGN_OR_RETURN(Batch batch, CriterionBatch(choice.images, choice.batch));
  const auto mixing = [this, fixed = choice.mixing_weight](const LivingTable& living) {
    return trainer_.MixingWeights(living, fixed);
  };
  if (choice.weights == NetworkChoice::Weights::kTrained && choice.batch_norms) {
    return MakeNetworkView(std::move(batch),
                           [this, mixing](const Batch& images, const LivingTable& living) {
                             return trainer_.Evaluate(images, mixing(living));
                           });
  }
  NetworkOptions network = options_.network;
  if (choice.weights == NetworkChoice::Weights::kFresh) {
    network.cells = choice.cells > 0 ? choice.cells : options_.final_network.network.cells;
  }
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, parts_.search_space->Plan(network));
  const CellOptions cells{options_.backend, /*recompute=*/false, options_.partial_channels,
                          choice.batch_norms};
  const std::shared_ptr<Supernet> supernet =
      choice.weights == NetworkChoice::Weights::kFresh
          ? FreshSupernet(plan, parts_.space, cells,
                          RandomStream({options_.seed, kCriterionStream,
                                        static_cast<uint64_t>(choice.initialisation)})
                              .Bits())
          : CopyOfSupernet(trainer_.supernet(), plan, parts_.space, cells);
  supernet->to(c10::Device(options_.device));
  return MakeNetworkView(std::move(batch),
                         [supernet, mixing](const Batch& images, const LivingTable& living) {
                           return EvaluateSupernet(*supernet, images, mixing(living));
                         });
}

absl::StatusOr<LivingTable> SearcherImpl::RandomArchitecture(uint64_t number) {
  RandomStream random({options_.seed, kArchitectureStream, number});
  ScoreTable scores(parts_.space);
  for (int cell = 0; cell < static_cast<int>(parts_.space.cells.size()); ++cell) {
    for (double& score : scores.Values(cell)) score = random.Uniform();
  }
  LivingTable living = living_;
  NAP_RETURN_IF_ERROR(parts_.pruner.Prune(scores, /*progress=*/1, &living).status());
  return living;
}

absl::StatusOr<double> SearcherImpl::ArchitectureScore(const std::string& name,
                                                       const LivingTable& architecture) {
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Score> score, MakeScore(name));
  NAP_ASSIGN_OR_RETURN(
      const ScoredArchitecture scored,
      ScoredArchitecture::Create(
          GenotypeOf(parts_.search_space->name(), parts_.space, architecture),
          {options_.network, options_.backend, options_.seed},
          std::make_shared<ScoringImages>(ScoringImages{
              dataset_, parts_.train, Loading(options_, *dataset_, true, kArchitectureStream)})));
  return score->Of(scored);
}

// Batches are those of a loader of the train part, pass after pass; smaller where it is small.
absl::StatusOr<Batch> SearcherImpl::CriterionBatch(int64_t images, int64_t number) const {
  LoaderOptions loading = Loading(options_, *dataset_, true, kCriterionStream);
  loading.batch_size = std::min(images, static_cast<int64_t>(parts_.train.size()));
  Loader loader(dataset_, parts_.train, loading);
  loader.StartEpoch(number / loader.batches_per_epoch(), number % loader.batches_per_epoch());
  Batch batch;
  if (!loader.Next(&batch)) return NoImages("train");
  return batch;
}

absl::StatusOr<Genotype> SearcherImpl::GenotypeIfItEndedNow() const {
  ScoreTable scores = trainer_.MixingWeights();
  for (size_t cell = 0; cell < parts_.space.cells.size(); ++cell) {
    for (double& score : scores.Values(static_cast<int>(cell))) score = std::abs(score);
  }
  LivingTable living = living_;
  NAP_RETURN_IF_ERROR(parts_.pruner.Prune(scores, /*progress=*/1, &living).status());
  return GenotypeOf(parts_.search_space->name(), parts_.space, living);
}

std::vector<CandidateId> SearcherImpl::Living(std::vector<int>* counts) const {
  std::vector<CandidateId> all;
  for (int cell = 0; cell < static_cast<int>(parts_.space.cells.size()); ++cell) {
    const std::vector<CandidateId> found = LivingOperations(parts_.space, living_, cell);
    counts->push_back(static_cast<int>(found.size()));
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

double SearcherImpl::SecondsLeft(int epoch, int64_t step) const {
  double units = static_cast<double>(steps_per_epoch_ - step) * StepUnits(epoch);
  for (int later = epoch + 1; later <= options_.epochs; ++later) {
    units += static_cast<double>(steps_per_epoch_) * StepUnits(later);
  }
  return units * pace_.seconds();
}

// What is left to a warm-up step of what lives.
LivingTable SearcherImpl::DropOperations(int epoch, int64_t step) const {
  LivingTable kept = living_;
  RandomStream random(
      {options_.seed, kDropoutStream, static_cast<uint64_t>(epoch), static_cast<uint64_t>(step)});
  for (const CandidateId& id : LivingOperations(parts_.space, living_)) {
    if (random.Uniform() < options_.operation_dropout) kept[id] = false;
  }
  return kept;
}

absl::Status SearcherImpl::TrainStep(const Batch& train) {
  const int epoch = static_cast<int>(state_.epoch);
  const int64_t step = train_loader_.next_batch();
  Batch valid;
  StepResult result;
  if (epoch <= options_.warmup_epochs) {
    if (options_.operation_dropout > 0) {
      const LivingTable kept = DropOperations(epoch, step);
      result = trainer_.WeightStep(train, &kept);
    } else {
      result = trainer_.WeightStep(train);
    }
  } else {
    if (parts_.optimization->reads_valid) NAP_RETURN_IF_ERROR(NextValid(&valid));
    const ScoreTable strengths = trainer_.Strengths();
    const OptimizationResult both = parts_.optimization->step(trainer_, train, valid);
    NAP_RETURN_IF_ERROR(CheckFinite(both.strength_loss, "strengths' loss", epoch, step));
    parts_.criterion->ObserveStrengthStep(strengths, trainer_.StrengthGradients());
    state_.strength_losses += both.strength_loss;
    ++state_.strength_steps;
    result = both.train;
  }
  NAP_RETURN_IF_ERROR(CheckFinite(result.loss, "training loss", epoch, step));
  state_.train.Add(result.loss, result.logits, train.labels);
  state_.step = step;
  return absl::OkStatus();
}

absl::Status SearcherImpl::TrainEpoch(SearchObserver* observer) {
  const int epoch = static_cast<int>(state_.epoch);
  const double begin = MonotonicSeconds() - state_.seconds;
  std::vector<int> alive;
  Living(&alive);
  const int64_t broken_before = state_.broken_images;
  train_loader_.StartEpoch(epoch - 1, state_.step);
  // A batch whose images are all broken is passed over: a step is missing then.
  Batch train;
  while (state_.step < steps_per_epoch_ && train_loader_.Next(&train)) {
    const double step_begin = MonotonicSeconds();
    NAP_RETURN_IF_ERROR(TrainStep(train));
    const double now = MonotonicSeconds();
    state_.seconds = now - begin;
    state_.broken_images = broken_before + train_loader_.broken_images();
    pace_.Add((now - step_begin) / StepUnits(epoch));
    NAP_RETURN_IF_ERROR(observer->OnStep(
        {epoch, options_.epochs, state_.step, steps_per_epoch_, state_.train.loss(),
         state_.train.accuracy(), state_.strength_loss(),
         static_cast<double>(state_.train.images()) / state_.seconds,
         SecondsLeft(epoch, state_.step), std::accumulate(alive.begin(), alive.end(), 0)}));
  }
  return state_.train.images() > 0 ? absl::OkStatus() : NoImages("train");
}

absl::Status SearcherImpl::RunEpoch(SearchObserver* observer) {
  const int epoch = static_cast<int>(state_.epoch);
  const double begin = MonotonicSeconds() - state_.seconds;
  const double learning_rate = CosineAnnealing(options_.learning_rate, options_.final_learning_rate,
                                               static_cast<double>(epoch - 1) / options_.epochs);
  trainer_.SetLearningRate(learning_rate);
  trainer_.SetAuxiliarySkip(options_.auxiliary_skip * (options_.epochs - epoch) /
                            std::max(1, options_.epochs - 1));
  trainer_.SetStrengthLossWeight(
      options_.strength_loss_weight *
      (parts_.strength_loss->rises ? static_cast<double>(epoch - 1) / options_.epochs : 1));
  NAP_RETURN_IF_ERROR(TrainEpoch(observer));
  // A milestone that was interrupted has measured it before.
  if (state_.scorings == 0) {
    const ClassificationMeter valid = EvaluateValidPart();
    if (valid.images() == 0) return NoImages("validation");
    state_.valid_loss = valid.loss();
    state_.valid_accuracy = valid.accuracy();
    state_.broken_images += evaluation_loader_.broken_images();
  }
  EpochReport report = NewReport();
  report.learning_rate = learning_rate;
  report.train_loss = state_.train.loss();
  report.train_accuracy = state_.train.accuracy();
  report.strength_loss = state_.strength_loss();
  report.valid_loss = state_.valid_loss;
  report.valid_accuracy = state_.valid_accuracy;
  report.broken_images = state_.broken_images;
  return EndEpoch(std::move(report), begin, observer);
}

// A milestone before the first epoch.
absl::Status SearcherImpl::RunStart(SearchObserver* observer) {
  return EndEpoch(NewReport(), MonotonicSeconds() - state_.seconds, observer);
}

EpochReport SearcherImpl::NewReport() const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  return {static_cast<int>(state_.epoch),
          options_.epochs,
          /*learning_rate=*/kNone,
          /*train_loss=*/kNone,
          /*train_accuracy=*/kNone,
          /*strength_loss=*/kNone,
          /*valid_loss=*/kNone,
          /*valid_accuracy=*/kNone,
          /*seconds=*/0,
          /*operations_alive=*/{},
          /*parameters=*/0,
          /*peak_memory_bytes=*/0,
          /*broken_images=*/0,
          /*pruned=*/{},
          /*living=*/{},
          trainer_.Strengths(),
          trainer_.MixingWeights(),
          /*genotype=*/{},
          trainer_.EdgeStrengths()};
}

absl::Status SearcherImpl::EndEpoch(EpochReport report, double begin, SearchObserver* observer) {
  // As they were before anything went, in a milestone that was interrupted, too.
  const int num_cells = static_cast<int>(parts_.space.cells.size());
  if (state_.scorings == 0) {
    state_.mixing_weights.clear();
    for (int cell = 0; cell < num_cells; ++cell) {
      const std::vector<double>& weights = report.mixing_weights.Values(cell);
      state_.mixing_weights.insert(state_.mixing_weights.end(), weights.begin(), weights.end());
    }
  } else {
    auto weight = state_.mixing_weights.begin();
    for (int cell = 0; cell < num_cells; ++cell) {
      for (double& value : report.mixing_weights.Values(cell)) value = *weight++;
    }
  }
  NAP_RETURN_IF_ERROR(PruneAt(begin, observer));
  report.pruned = state_.pruned;
  report.removals = state_.removals;
  NAP_ASSIGN_OR_RETURN(report.genotype, GenotypeIfItEndedNow());
  report.living = Living(&report.operations_alive);
  report.parameters = trainer_.NumParameters();
  report.peak_memory_bytes = PeakMemoryBytes();
  report.seconds = MonotonicSeconds() - begin;
  state_.NextEpoch();
  return observer->OnEpoch(report);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Searcher>> Searcher::Create(const SearchOptions& given,
                                                           const Dataset* images) {
  SearchOptions options = given;
  NAP_RETURN_IF_ERROR(Validate(options));
  NAP_ASSIGN_OR_RETURN(const c10::Device device, FindDevice(options.device));
  options.device = device.str();
  options.network.image_channels = images->shape().channels;
  options.network.classes = images->num_classes();

  NAP_ASSIGN_OR_RETURN(std::unique_ptr<SearchSpace> search_space,
                       MakeSearchSpace(options.search_space));
  NAP_ASSIGN_OR_RETURN(const CandidateSpace space,
                       MakeCandidateSpace(*search_space, options.operations));
  NAP_ASSIGN_OR_RETURN(NetworkPlan plan, search_space->Plan(options.network));
  NAP_ASSIGN_OR_RETURN(const auto* relaxation,
                       RelaxationRegistry::Global().Find(options.relaxation));
  NAP_ASSIGN_OR_RETURN(const auto* optimization,
                       OptimizationRegistry::Global().Find(options.optimization));
  NAP_ASSIGN_OR_RETURN(const auto* strength_loss,
                       StrengthLossRegistry::Global().Find(options.strength_loss));
  NAP_ASSIGN_OR_RETURN(std::unique_ptr<PruningCriterion> criterion,
                       MakeCriterion(options.criterion, space,
                                     /*trained=*/options.milestones.begin > 0));
  for (const std::string& score : criterion->scores()) {
    const absl::Status known = MakeScore(score).status();
    if (!known.ok()) {
      return absl::Status(known.code(),
                          absl::StrCat("--criterion=", options.criterion, ": ", known.message()));
    }
  }
  NAP_ASSIGN_OR_RETURN(const auto* schedule,
                       PruningScheduleRegistry::Global().Find(options.schedule));
  if (options.budget.operations_per_cell == 0) {
    const bool limited = options.max_parameters > 0 || options.max_mult_adds > 0;
    options.budget.operations_per_cell =
        limited ? PrunerOptions::kAnyNumber : search_space->operations_per_cell();
  }
  NAP_ASSIGN_OR_RETURN(FinalCosts costs, FindFinalCosts(options, *search_space, space));
  NAP_ASSIGN_OR_RETURN(Pruner pruner,
                       Pruner::Create(space, options.budget, *schedule, std::move(costs.limits)));

  Split split = SplitIndices(images->size(), options.train_fraction, options.seed);
  const int64_t smaller = static_cast<int64_t>(std::min(split.first.size(), split.second.size()));
  if (smaller < options.batch_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--batch_size=", options.batch_size, " is more than the ", smaller,
        " images of the smaller of the two parts that --train_fraction=", options.train_fraction,
        " makes of ", images->size(), " images"));
  }
  return std::make_unique<SearcherImpl>(
      options, images,
      SearcherImpl::Parts{
          std::move(search_space), std::move(plan), space, relaxation, optimization, strength_loss,
          schedule,
          WeightByCost(std::move(criterion), space, costs.mult_adds, options.cost_exponent),
          std::move(pruner), std::move(split.first), std::move(split.second)});
}

}  // namespace nap
