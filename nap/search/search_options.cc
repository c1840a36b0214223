#include "nap/search/search_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <map>

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"

namespace nap {
namespace {

const std::map<std::string, CostKind>& CostKinds() {
  static const auto* const kinds =
      new std::map<std::string, CostKind>{{"latency", CostKind::kLatency},
                                          {"mult_adds", CostKind::kMultAdds},
                                          {"parameters", CostKind::kParameters}};
  return *kinds;
}

// What does not fit is said at once, as it is mended.
absl::Status ValidateLength(const SearchOptions& options) {
  const Milestones& milestones = options.milestones;
  NAP_RETURN_IF_ERROR(Together({CheckRange("epochs", options.epochs, 0, kMostEpochs),
                                CheckAtLeast("warmup_epochs", options.warmup_epochs, 0),
                                CheckAtLeast("prune_every", milestones.every, 1),
                                CheckAtLeast("prune_begin", milestones.begin, 0)}));
  // What is pruned before the first epoch is not pruned by what training says.
  const bool prunes_later = milestones.begin > 0;
  return Together(
      {CheckOption(milestones.end >= milestones.begin && milestones.end <= options.epochs,
                   "prune_end", milestones.end,
                   absl::StrCat("must be from --prune_begin=", milestones.begin,
                                " to --epochs=", options.epochs)),
       CheckOption((milestones.end - milestones.begin) % milestones.every == 0, "prune_every",
                   milestones.every,
                   absl::StrCat("must lead from --prune_begin=", milestones.begin,
                                " to --prune_end=", milestones.end)),
       CheckOption(!prunes_later || options.warmup_epochs < milestones.begin, "warmup_epochs",
                   options.warmup_epochs,
                   absl::StrCat("must be below --prune_begin=", milestones.begin,
                                ", so that strengths are trained before anything is pruned"))});
}

absl::Status ValidateCosts(const SearchOptions& options) {
  NAP_RETURN_IF_ERROR(CheckAtLeast("max_parameters", options.max_parameters, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("max_mult_adds", options.max_mult_adds, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("max_latency_ms", options.max_latency_ms, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("cost_exponent", options.cost_exponent, 0));
  NAP_RETURN_IF_ERROR(CheckRange("points", options.points, 1, kMostPoints));
  if (options.latency != nullptr) return absl::OkStatus();
  const char* asks = nullptr;
  if (options.cost == CostKind::kLatency) asks = "--cost=latency";
  if (options.points > 1 && options.front == CostKind::kLatency) asks = "--pareto=latency";
  if (options.max_latency_ms > 0) asks = "--max_latency_ms";
  if (asks == nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      asks, " needs --latency_table, which `bazel run //tools:measure_latency` makes"));
}

}  // namespace

std::vector<std::string> CostKindNames() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : CostKinds()) names.push_back(name);
  return names;
}

std::string CostKindName(CostKind kind) {
  const auto found = std::find_if(CostKinds().begin(), CostKinds().end(),
                                  [kind](const auto& entry) { return entry.second == kind; });
  return found->first;
}

absl::StatusOr<CostKind> FindCostKind(const std::string& name) {
  const auto found = CostKinds().find(name);
  if (found != CostKinds().end()) return found->second;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown cost '", name, "'; known: ", absl::StrJoin(CostKindNames(), ", ")));
}

absl::Status Validate(const SearchOptions& options) {
  NAP_RETURN_IF_ERROR(CheckRange("channels", options.network.channels, 1, kMostChannels));
  NAP_RETURN_IF_ERROR(CheckRange("cells", options.network.cells, 1, kMostCells));
  NAP_RETURN_IF_ERROR(CheckAtLeast("batch_size", options.batch_size, 2));
  NAP_RETURN_IF_ERROR(CheckAtLeast("steps_per_epoch", options.steps_per_epoch, 0));
  NAP_RETURN_IF_ERROR(CheckOption(options.train_fraction > 0 && options.train_fraction < 1,
                                  "train_fraction", options.train_fraction,
                                  "must be between 0 and 1, both excluded"));
  NAP_RETURN_IF_ERROR(CheckAtLeast("evaluation_images", options.evaluation_images, 0));
  NAP_RETURN_IF_ERROR(ValidateLength(options));
  NAP_RETURN_IF_ERROR(ValidateCosts(options));
  NAP_RETURN_IF_ERROR(CheckPositive("learning_rate", options.learning_rate));
  NAP_RETURN_IF_ERROR(CheckAtLeast("final_learning_rate", options.final_learning_rate, 0));
  NAP_RETURN_IF_ERROR(CheckBelowOne("momentum", options.momentum));
  NAP_RETURN_IF_ERROR(CheckAtLeast("weight_decay", options.weight_decay, 0));
  NAP_RETURN_IF_ERROR(CheckPositive("gradient_clip", options.gradient_clip));
  NAP_RETURN_IF_ERROR(CheckPositive("strength_learning_rate", options.strength_learning_rate));
  NAP_RETURN_IF_ERROR(CheckAtLeast("strength_weight_decay", options.strength_weight_decay, 0));
  NAP_RETURN_IF_ERROR(CheckBelowOne("operation_dropout", options.operation_dropout));
  NAP_RETURN_IF_ERROR(CheckAtLeast("auxiliary_skip", options.auxiliary_skip, 0));
  NAP_RETURN_IF_ERROR(CheckRange("crop_padding", options.crop_padding, 0, kMostPixels));
  NAP_RETURN_IF_ERROR(CheckAtLeast("cutout", options.cutout, 0));
  NAP_RETURN_IF_ERROR(CheckRange("workers", options.workers, 1, kMostThreads));
  return ValidateBackend(options.backend);
}

}  // namespace nap
