#include "nap/search/searcher.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
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
#include "nap/search/candidate_space.h"
#include "nap/search/final_cost.h"
#include "nap/search/optimization.h"
#include "nap/search/search_state.h"
#include "nap/search/supernet_trainer.h"
#include "nap/training/checkpoint.h"
#include "nap/training/device.h"
#include "nap/training/learning_rate.h"
#include "nap/training/meter.h"
#include "nap/training/pace.h"

namespace nap {
namespace {

// Tells the streams of one seed apart.
constexpr uint64_t kTrainStream = 1;
constexpr uint64_t kValidStream = 2;

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

class SearcherImpl final : public Searcher, private SearchView {
 public:
  struct Parts {
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
        images_(Describe(*images)) {
    if (options_.steps_per_epoch > 0) {
      steps_per_epoch_ = std::min(steps_per_epoch_, options_.steps_per_epoch);
    }
  }

  const CandidateSpace& space() const override { return parts_.space; }

  Checkpoint Save() const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  absl::StatusOr<Genotype> Run(SearchObserver* observer) override {
    while (state_.epoch <= options_.epochs) NAP_RETURN_IF_ERROR(RunEpoch(observer));
    return GenotypeOf(options_.search_space, parts_.space, living_);
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

  std::vector<int64_t> EvaluationPart() const {
    std::vector<int64_t> part = parts_.valid;
    if (options_.evaluation_images > 0 &&
        options_.evaluation_images < static_cast<int64_t>(part.size())) {
      part.resize(static_cast<size_t>(std::max(options_.evaluation_images, options_.batch_size)));
    }
    return part;
  }

  absl::Status RunEpoch(SearchObserver* observer);
  absl::Status TrainEpoch(SearchObserver* observer);
  absl::Status TrainStep(const Batch& train);
  absl::Status CheckFinite(double loss, const char* what, int epoch, int64_t step) const;
  absl::Status NextValid(Batch* batch);
  ClassificationMeter EvaluateValidPart();
  absl::Status PruneAt(int epoch, std::vector<CandidateId>* removed);
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

absl::Status NoImages(const char* part) {
  return absl::DataLossError(absl::StrCat("every image of the ", part, " part is broken"));
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

absl::Status SearcherImpl::PruneAt(int epoch, std::vector<CandidateId>* removed) {
  milestone_ = options_.milestones.At(epoch);
  if (milestone_ < 0) return absl::OkStatus();
  const double count = options_.milestones.Count();
  const double progress = (milestone_ + 1) / count;
  // A score may be expensive.
  if (parts_.schedule->surplus(progress) == parts_.schedule->surplus(milestone_ / count)) {
    return absl::OkStatus();
  }
  NAP_ASSIGN_OR_RETURN(const ScoreTable scores, parts_.criterion->Score(*this));
  NAP_ASSIGN_OR_RETURN(*removed, parts_.pruner.Prune(scores, progress, &living_));
  trainer_.Prune(*removed, living_);
  return absl::OkStatus();
}

absl::StatusOr<Genotype> SearcherImpl::GenotypeIfItEndedNow() const {
  ScoreTable scores = trainer_.MixingWeights();
  for (size_t cell = 0; cell < parts_.space.cells.size(); ++cell) {
    for (double& score : scores.Values(static_cast<int>(cell))) score = std::abs(score);
  }
  LivingTable living = living_;
  NAP_RETURN_IF_ERROR(parts_.pruner.Prune(scores, /*progress=*/1, &living).status());
  return GenotypeOf(options_.search_space, parts_.space, living);
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

absl::Status SearcherImpl::TrainStep(const Batch& train) {
  const int epoch = static_cast<int>(state_.epoch);
  const int64_t step = train_loader_.next_batch();
  Batch valid;
  StepResult result;
  if (epoch <= options_.warmup_epochs) {
    result = trainer_.WeightStep(train);
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
  NAP_RETURN_IF_ERROR(TrainEpoch(observer));
  const ClassificationMeter valid = EvaluateValidPart();
  if (valid.images() == 0) return NoImages("validation");
  EpochReport report{epoch,
                     options_.epochs,
                     learning_rate,
                     state_.train.loss(),
                     state_.train.accuracy(),
                     state_.strength_loss(),
                     valid.loss(),
                     valid.accuracy(),
                     /*seconds=*/0,
                     /*operations_alive=*/{},
                     /*parameters=*/0,
                     PeakMemoryBytes(),
                     state_.broken_images + evaluation_loader_.broken_images(),
                     /*pruned=*/{},
                     /*living=*/{},
                     trainer_.Strengths(),
                     trainer_.MixingWeights(),
                     /*genotype=*/{},
                     trainer_.EdgeStrengths()};
  NAP_RETURN_IF_ERROR(PruneAt(epoch, &report.pruned));
  NAP_ASSIGN_OR_RETURN(report.genotype, GenotypeIfItEndedNow());
  report.living = Living(&report.operations_alive);
  report.parameters = trainer_.NumParameters();
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

  NAP_ASSIGN_OR_RETURN(const auto* search_space_definition,
                       SearchSpaceRegistry::Global().Find(options.search_space));
  const std::unique_ptr<SearchSpace> search_space = search_space_definition->make();
  NAP_ASSIGN_OR_RETURN(const CandidateSpace space,
                       MakeCandidateSpace(*search_space, options.operations));
  NAP_ASSIGN_OR_RETURN(NetworkPlan plan, search_space->Plan(options.network));
  NAP_ASSIGN_OR_RETURN(const auto* relaxation,
                       RelaxationRegistry::Global().Find(options.relaxation));
  NAP_ASSIGN_OR_RETURN(const auto* optimization,
                       OptimizationRegistry::Global().Find(options.optimization));
  NAP_ASSIGN_OR_RETURN(const auto* strength_loss,
                       StrengthLossRegistry::Global().Find(options.strength_loss));
  NAP_ASSIGN_OR_RETURN(const auto* criterion,
                       PruningCriterionRegistry::Global().Find(options.criterion));
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
          std::move(plan), space, relaxation, optimization, strength_loss, schedule,
          WeightByCost(criterion->make(space), space, costs.mult_adds, options.cost_exponent),
          std::move(pruner), std::move(split.first), std::move(split.second)});
}

}  // namespace nap
