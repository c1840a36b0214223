#include "tools/images_of_model.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <vector>

#include "data/open_dataset.h"
#include "experiments/data_flags.h"
#include "experiments/model_flags.h"
#include "nap/base/short_list.h"
#include "nap/base/status_macros.h"
#include "nap/report/progress_line.h"

namespace nap {
namespace {

absl::Status CheckFits(const ExportedModel& model, const std::string& name, const Dataset& images) {
  const std::vector<std::string>& of_model = model.class_names;
  const std::vector<std::string>& of_data = images.class_names();
  const std::string otherwise = FLAGS_dataset.empty() && FLAGS_data_dir.empty()
                                    ? "; without --data_dir the images are the built-in drawings"
                                    : "";
  if (of_model.size() != of_data.size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " knows ", of_model.size(), " classes (", ShortList(of_model), "), the images have ",
        of_data.size(), " (", ShortList(of_data), ")", otherwise));
  }
  const auto [of_model_differs, of_data_differs] =
      std::mismatch(of_model.begin(), of_model.end(), of_data.begin());
  if (of_model_differs != of_model.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("class ", of_model_differs - of_model.begin(), " is '", *of_model_differs,
                     "' in ", name, " and '", *of_data_differs, "' of the images", otherwise));
  }
  const auto channels = static_cast<int>(model.mean.size());
  if (channels != images.shape().channels) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, " reads images of ", channels, " channels, these have ", images.shape().channels));
  }
  return absl::OkStatus();
}

}  // namespace

void AddModelImageFlags(ProgramOptions* program) {
  AddDataFlags(program);
  const char* const kNormalised =
      "images are normalised by the mean and spread that the model knows";
  program->absent_flags = {{"mean", kNormalised},
                           {"stddev", kNormalised},
                           {"max_images", "a model is tested on all test images"}};
}

absl::StatusOr<DatasetPair> OpenImagesFor(const ExportedModel& model, const std::string& name,
                                          DatasetOptions options) {
  const bool as_model = options.image_size == PictureSize{0, 0};
  if (as_model) options.image_size = SizeOf(model);
  if (options.image_channels == 0) options.image_channels = static_cast<int>(model.mean.size());
  absl::StatusOr<DatasetPair> data = OpenDataset(DatasetName(), options);
  if (data.ok()) {
    NAP_RETURN_IF_ERROR(CheckFits(model, name, *data->test));
  } else if (as_model && absl::StrContains(data.status().message(), "--image_size=")) {
    return absl::Status(
        data.status().code(),
        absl::StrCat(name, " was trained on other images: ", data.status().message()));
  }
  return data;
}

absl::StatusOr<ModelEvaluation> EvaluateModel(const Dataset& images, const std::string& what,
                                              const ClassificationOptions& classification,
                                              ExportedModel* model) {
  ModelEvaluation result{Evaluation(images.num_classes()), 0};
  ProgressLine progress("classified", images.size(), what);
  const auto add = [&](const std::vector<int64_t>& indices, const double* log_probabilities) {
    for (const int64_t index : indices) {
      result.evaluation.Add(index, log_probabilities, images.Label(index));
      log_probabilities += images.num_classes();
    }
    progress.Done(indices.size());
  };
  NAP_ASSIGN_OR_RETURN(result.broken_images, Classify(images, classification, model, add));
  if (result.evaluation.images() > 0) return result;
  return absl::FailedPreconditionError(
      absl::StrCat("none of the ", result.broken_images, " test images can be read"));
}

}  // namespace nap
