#include "nap/training/training_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/training/learning_rate.h"

namespace nap {

namespace {

absl::Status CheckKnown(absl::string_view option, const std::string& value,
                        const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("unknown ", option, " '", value, "'; known: ", absl::StrJoin(known, ", ")));
}

}  // namespace

std::vector<std::string> ClassWeightings() { return {"none", "balanced"}; }
std::vector<std::string> Samplings() { return {"uniform", "balanced"}; }
std::vector<std::string> Optimizers() { return {"sgd", "adamw"}; }
std::vector<std::string> LearningRateDecays() { return {"cosine", "linear"}; }

absl::Status Validate(const TrainingOptions& options) {
  NAP_RETURN_IF_ERROR(CheckRange("epochs", options.epochs, 1, kMostEpochs));
  NAP_RETURN_IF_ERROR(CheckAtLeast("batch_size", options.batch_size, 2));
  NAP_RETURN_IF_ERROR(CheckAtLeast("steps_per_epoch", options.steps_per_epoch, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("evaluation_images", options.evaluation_images, 0));
  NAP_RETURN_IF_ERROR(CheckPositive("learning_rate", options.learning_rate));
  NAP_RETURN_IF_ERROR(CheckAtLeast("final_learning_rate", options.final_learning_rate, 0));
  NAP_RETURN_IF_ERROR(
      CheckKnown("learning_rate_decay", options.learning_rate_decay, LearningRateDecays()));
  NAP_RETURN_IF_ERROR(CheckKnown("optimizer", options.optimizer, Optimizers()));
  NAP_RETURN_IF_ERROR(CheckOption(
      options.learning_rate_warmup >= 0 && options.learning_rate_warmup < options.epochs,
      "learning_rate_warmup", options.learning_rate_warmup,
      absl::StrCat("must be from 0 to below --epochs=", options.epochs)));
  NAP_RETURN_IF_ERROR(CheckBelowOne("momentum", options.momentum));
  NAP_RETURN_IF_ERROR(CheckAtLeast("weight_decay", options.weight_decay, 0));
  NAP_RETURN_IF_ERROR(CheckPositive("gradient_clip", options.gradient_clip));
  NAP_RETURN_IF_ERROR(CheckBelowOne("ema", options.ema));
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
  NAP_RETURN_IF_ERROR(
      CheckRange("randaugment", options.rand_augment.operations, 0, kAugmentOperations));
  NAP_RETURN_IF_ERROR(CheckRange("randaugment_magnitude", options.rand_augment.magnitude, 0,
                                 RandAugment::kMostMagnitude));
  NAP_RETURN_IF_ERROR(CheckRange("random_erasing", options.random_erasing, 0, 1));
  NAP_RETURN_IF_ERROR(CheckKnown("class_weights", options.class_weights, ClassWeightings()));
  NAP_RETURN_IF_ERROR(CheckKnown("sampling", options.sampling, Samplings()));
  if (options.class_weights == "balanced" && options.sampling == "balanced") {
    return absl::InvalidArgumentError(
        "--class_weights=balanced and --sampling=balanced together would count small classes "
        "twice: leave one of them out");
  }
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
