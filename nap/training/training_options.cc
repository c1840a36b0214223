#include "nap/training/training_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/training/learning_rate.h"

namespace nap {

std::vector<std::string> LearningRateDecays() { return {"cosine", "linear"}; }

absl::Status Validate(const TrainingOptions& options) {
  NAP_RETURN_IF_ERROR(CheckAtLeast("epochs", options.epochs, 1));
  NAP_RETURN_IF_ERROR(CheckAtLeast("batch_size", options.batch_size, 2));
  NAP_RETURN_IF_ERROR(CheckAtLeast("steps_per_epoch", options.steps_per_epoch, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("evaluation_images", options.evaluation_images, 0));
  NAP_RETURN_IF_ERROR(CheckPositive("learning_rate", options.learning_rate));
  NAP_RETURN_IF_ERROR(CheckAtLeast("final_learning_rate", options.final_learning_rate, 0));
  const std::vector<std::string> decays = LearningRateDecays();
  if (std::find(decays.begin(), decays.end(), options.learning_rate_decay) == decays.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown learning_rate_decay '",
                                                   options.learning_rate_decay,
                                                   "'; known: ", absl::StrJoin(decays, ", ")));
  }
  NAP_RETURN_IF_ERROR(CheckOption(
      options.learning_rate_warmup >= 0 && options.learning_rate_warmup < options.epochs,
      "learning_rate_warmup", options.learning_rate_warmup,
      absl::StrCat("must be from 0 to below --epochs=", options.epochs)));
  NAP_RETURN_IF_ERROR(CheckBelowOne("momentum", options.momentum));
  NAP_RETURN_IF_ERROR(CheckAtLeast("weight_decay", options.weight_decay, 0));
  NAP_RETURN_IF_ERROR(CheckPositive("gradient_clip", options.gradient_clip));
  NAP_RETURN_IF_ERROR(CheckAtLeast("auxiliary_weight", options.auxiliary_weight, 0));
  NAP_RETURN_IF_ERROR(CheckBelowOne("drop_path", options.drop_path));
  NAP_RETURN_IF_ERROR(CheckBelowOne("label_smoothing", options.label_smoothing));
  NAP_RETURN_IF_ERROR(CheckAtLeast("mixup", options.mixup, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("accumulate", options.accumulate, 1));
  if (options.accumulate > 1 && options.global_norms) {
    return absl::InvalidArgumentError(
        absl::StrCat("--accumulate=", options.accumulate,
                     " goes through a batch in parts, whose norms are their own: it needs "
                     "--batch_norm=local"));
  }
  NAP_RETURN_IF_ERROR(CheckRange("crop_padding", options.crop_padding, 0, kMostPixels));
  NAP_RETURN_IF_ERROR(CheckRange("workers", options.workers, 1, kMostThreads));
  return CheckAtLeast("cutout", options.cutout, 0);
}

double LearningRate(const TrainingOptions& options, int epoch) {
  const double progress = static_cast<double>(epoch - 1) / options.epochs;
  const double planned =
      options.learning_rate_decay == "cosine"
          ? CosineAnnealing(options.learning_rate, options.final_learning_rate, progress)
          : options.learning_rate +
                (options.final_learning_rate - options.learning_rate) * progress;
  if (epoch > options.learning_rate_warmup) return planned;
  return planned * epoch / options.learning_rate_warmup;
}

double DropPathProbability(const TrainingOptions& options, int epoch) {
  return options.drop_path * (epoch - 1) / options.epochs;
}

}  // namespace nap
