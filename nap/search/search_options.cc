#include "nap/search/search_options.h"

#include <absl/strings/str_cat.h>

#include <cmath>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Also false for NaN.
absl::Status Check(bool fine, absl::string_view flag, double value, absl::string_view range) {
  if (fine) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, "=", value, " is out of range: ", range));
}

absl::Status AtLeast(absl::string_view flag, double value, double least) {
  return Check(std::isfinite(value) && value >= least, flag, value,
               absl::StrCat("must be at least ", least));
}

absl::Status Positive(absl::string_view flag, double value) {
  return Check(std::isfinite(value) && value > 0, flag, value, "must be positive");
}

absl::Status ValidateMilestones(const SearchOptions& options) {
  const Milestones& milestones = options.milestones;
  NAP_RETURN_IF_ERROR(AtLeast("prune_every", milestones.every, 1));
  NAP_RETURN_IF_ERROR(AtLeast("prune_begin", milestones.begin, 1));
  NAP_RETURN_IF_ERROR(Check(milestones.end >= milestones.begin && milestones.end <= options.epochs,
                            "prune_end", milestones.end,
                            absl::StrCat("must be from --prune_begin=", milestones.begin,
                                         " to --epochs=", options.epochs)));
  NAP_RETURN_IF_ERROR(Check((milestones.end - milestones.begin) % milestones.every == 0,
                            "prune_every", milestones.every,
                            absl::StrCat("must lead from --prune_begin=", milestones.begin,
                                         " to --prune_end=", milestones.end)));
  return Check(options.warmup_epochs >= 0 && options.warmup_epochs < milestones.begin,
               "warmup_epochs", options.warmup_epochs,
               absl::StrCat("must be from 0 to below --prune_begin=", milestones.begin,
                            ", so that strengths are trained before anything is pruned"));
}

}  // namespace

absl::Status Validate(const SearchOptions& options) {
  NAP_RETURN_IF_ERROR(AtLeast("channels", options.network.channels, 1));
  NAP_RETURN_IF_ERROR(AtLeast("cells", options.network.cells, 1));
  NAP_RETURN_IF_ERROR(AtLeast("epochs", options.epochs, 1));
  NAP_RETURN_IF_ERROR(AtLeast("batch_size", options.batch_size, 2));
  NAP_RETURN_IF_ERROR(AtLeast("steps_per_epoch", options.steps_per_epoch, 0));
  NAP_RETURN_IF_ERROR(Check(options.train_fraction > 0 && options.train_fraction < 1,
                            "train_fraction", options.train_fraction,
                            "must be between 0 and 1, both excluded"));
  NAP_RETURN_IF_ERROR(AtLeast("evaluation_images", options.evaluation_images, 0));
  NAP_RETURN_IF_ERROR(AtLeast("criterion_batches", options.criterion_batches, 1));
  NAP_RETURN_IF_ERROR(ValidateMilestones(options));
  NAP_RETURN_IF_ERROR(Positive("learning_rate", options.learning_rate));
  NAP_RETURN_IF_ERROR(AtLeast("final_learning_rate", options.final_learning_rate, 0));
  NAP_RETURN_IF_ERROR(Check(options.momentum >= 0 && options.momentum < 1, "momentum",
                            options.momentum, "must be from 0 to below 1"));
  NAP_RETURN_IF_ERROR(AtLeast("weight_decay", options.weight_decay, 0));
  NAP_RETURN_IF_ERROR(Positive("gradient_clip", options.gradient_clip));
  NAP_RETURN_IF_ERROR(Positive("strength_learning_rate", options.strength_learning_rate));
  NAP_RETURN_IF_ERROR(AtLeast("strength_weight_decay", options.strength_weight_decay, 0));
  if (options.initial_strength.has_value()) {
    NAP_RETURN_IF_ERROR(Check(std::isfinite(*options.initial_strength), "initial_strength",
                              *options.initial_strength, "must be finite"));
  }
  NAP_RETURN_IF_ERROR(AtLeast("crop_padding", options.crop_padding, 0));
  NAP_RETURN_IF_ERROR(AtLeast("cutout", options.cutout, 0));
  if (options.backend != "fused" && options.backend != "reference") {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown backend '", options.backend, "'; known: fused, reference"));
  }
  if (options.recompute && options.backend != "fused") {
    return absl::InvalidArgumentError("--recompute needs --backend=fused");
  }
  return absl::OkStatus();
}

}  // namespace nap
