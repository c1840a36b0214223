#include "nap/search/search_parts.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "data/split.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/cost_weighting.h"
#include "nap/runtime/device.h"
#include "nap/scores/score.h"
#include "nap/search/candidate_space.h"
#include "nap/search/final_cost.h"

namespace nap {
namespace {

// Says which criterion it is that asks for what there is not.
absl::Status AboutCriterion(const std::string& criterion, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("pruning criterion '", criterion, "': ", status.message()));
}

// The criterion's own, that it names as parameters.
absl::Status CheckScores(const PruningCriterion& criterion, const std::string& text) {
  for (const std::string& score : criterion.scores()) {
    NAP_RETURN_IF_ERROR(AboutCriterion(text, ScoreRegistry::Global().Make(score).status()));
  }
  return absl::OkStatus();
}

absl::Status CheckNetworks(const PruningCriterion& criterion, const SearchOptions& options,
                           const SearchSpace& space) {
  for (const int64_t cells : criterion.network_cells()) {
    if (cells == 0) continue;
    NetworkOptions network = options.network;
    network.cells = cells;
    NAP_RETURN_IF_ERROR(AboutCriterion(options.criterion, space.Plan(network).status()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SearchParts> MakeSearchParts(const SearchOptions& given, const Dataset* images) {
  SearchOptions options = given;
  NAP_RETURN_IF_ERROR(Validate(options));
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice(options.device));
  UseDevice(device, options.device.deterministic);
  options.device.name = device.device.str();
  options.network.image_channels = images->shape().channels;
  options.network.classes = images->num_classes();

  NAP_ASSIGN_OR_RETURN(std::unique_ptr<SearchSpace> search_space,
                       MakeSearchSpace(options.search_space));
  NAP_ASSIGN_OR_RETURN(const CandidateSpace space,
                       MakeCandidateSpace(*search_space, options.operations));
  NAP_ASSIGN_OR_RETURN(NetworkPlan plan, search_space->Plan(options.network));
  NAP_ASSIGN_OR_RETURN(Relaxation relaxation,
                       RelaxationRegistry::Global().Make(options.relaxation));
  // Reductions double the channels, so that what divides the first cell's divides all.
  if (options.network.channels % relaxation.partial_channels != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "relaxation '", options.relaxation, "': partial_channels=", relaxation.partial_channels,
        " must be a divisor of --channels=", options.network.channels));
  }
  NAP_ASSIGN_OR_RETURN(Optimization optimization,
                       OptimizationRegistry::Global().Make(options.optimization));
  NAP_ASSIGN_OR_RETURN(StrengthLoss strength_loss,
                       StrengthLossRegistry::Global().Make(options.strength_loss));
  NAP_ASSIGN_OR_RETURN(
      std::unique_ptr<PruningCriterion> criterion,
      MakeCriterion(options.criterion, space, /*trained=*/options.milestones.begin > 0));
  NAP_RETURN_IF_ERROR(CheckScores(*criterion, options.criterion));
  NAP_RETURN_IF_ERROR(CheckNetworks(*criterion, options, *search_space));
  NAP_ASSIGN_OR_RETURN(const PruningSchedule schedule,
                       PruningScheduleRegistry::Global().Make(options.schedule));
  if (options.budget.operations_per_cell == 0) {
    options.budget.operations_per_cell =
        options.HasCostLimit() ? PrunerOptions::kAnyNumber : search_space->operations_per_cell();
  }
  NAP_ASSIGN_OR_RETURN(const FinalCosts costs, FindFinalCosts(options, *search_space, space));
  NAP_ASSIGN_OR_RETURN(std::vector<TrackBudget> budgets,
                       MakeTrackBudgets(options, *search_space, space, schedule));
  if (options.points > 1 && options.epochs == 0) {
    NAP_RETURN_IF_ERROR(ScoreRegistry::Global().Make(options.front_score).status());
  }

  if (options.batch_size < options.processes->size()) {
    return absl::InvalidArgumentError(absl::StrCat("--batch_size=", options.batch_size,
                                                   " gives not each of ", options.processes->size(),
                                                   " processes an image"));
  }
  NAP_ASSIGN_OR_RETURN(SearchSplit split,
                       SplitForSearch(*images, {options.train_fraction, options.valid_file,
                                                options.seed, options.batch_size}));
  return SearchParts{
      options,
      device.device,
      images,
      std::move(split.train),
      std::move(split.valid),
      std::move(search_space),
      space,
      std::move(plan),
      std::move(relaxation),
      std::move(optimization),
      std::move(strength_loss),
      WeightByCost(std::move(criterion), space, costs.weighed, options.cost_exponent),
      std::move(budgets)};
}

LoaderOptions LoadingOf(const SearchParts& parts, bool train, uint64_t stream) {
  const SearchOptions& options = parts.options;
  LoaderOptions loading;
  loading.device = parts.device;
  loading.batch_size = options.batch_size;
  loading.shuffle = train;
  loading.drop_last = true;
  loading.training_view = train;
  loading.workers = options.workers;
  // Splitting the seed keeps the two parts' augmentations independent of each other.
  loading.seed = RandomStream({options.seed, stream}).Bits();
  loading.augmentation.mean = parts.images->mean();
  loading.augmentation.stddev = parts.images->stddev();
  loading.augmentation.crop_padding = train ? options.crop_padding : 0;
  loading.augmentation.flip = train && options.flip;
  loading.augmentation.cutout = train ? options.cutout : 0;
  return loading;
}

std::vector<int64_t> EvaluationPart(const SearchParts& parts) {
  std::vector<int64_t> part = parts.valid;
  const int64_t most = parts.options.evaluation_images;
  if (most > 0 && most < static_cast<int64_t>(part.size())) {
    part.resize(static_cast<size_t>(std::max(most, parts.options.batch_size)));
  }
  return part;
}

}  // namespace nap
