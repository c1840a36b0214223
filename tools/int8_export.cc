#include "tools/int8_export.h"

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "data/loader.h"
#include "experiments/data_flags.h"
#include "experiments/model_flags.h"
#include "experiments/split_of_run.h"
#include "nap/base/option_checks.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/export/exported_model.h"
#include "nap/export/onnx_file.h"
#include "nap/export/quantized_script.h"
#include "nap/export/torchscript.h"
#include "nap/training/classification.h"
#include "tools/images_of_model.h"

DEFINE_int32(calibration_images, 512,
             "training images, chosen at random, by which the ranges of what layers read and write "
             "are found");
DEFINE_uint64(seed, 0, "that the network was trained with, for the built-in drawings");

namespace nap {
namespace {

constexpr int64_t kImagesAtOnce = 16;  // whose numbers in all layers are kept
constexpr uint64_t kCalibrationSeed = 8;

// A script with what the description says of its images.
ExportedModel Model(torch::jit::Module script, const ModelDescription& description) {
  return {std::move(script),  description.class_names, description.mean,
          description.stddev, description.image_size,  description.test_crop};
}

// In the view that tests, normalised.
absl::StatusOr<std::vector<at::Tensor>> CalibrationImages(const Dataset& images,
                                                          const ModelDescription& description,
                                                          int workers) {
  std::vector<int64_t> chosen = RandomStream({kCalibrationSeed}).Permutation(images.size());
  chosen.resize(std::min<size_t>(chosen.size(), static_cast<size_t>(FLAGS_calibration_images)));
  LoaderOptions loading;
  loading.batch_size = kImagesAtOnce;
  loading.workers = workers;
  loading.augmentation.mean = description.mean;
  loading.augmentation.stddev = description.stddev;
  Loader loader(&images, chosen, loading);
  loader.StartEpoch(0);
  std::vector<at::Tensor> batches;
  for (Batch batch; loader.Next(&batch);) batches.push_back(batch.images);
  if (!batches.empty()) return batches;
  return absl::FailedPreconditionError(
      absl::StrCat("none of the ", chosen.size(), " calibration images can be read"));
}

}  // namespace

void AddInt8Flags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back({"int8", {"calibration_images", "seed"}});
  AddModelImageFlags(program);
  AddModelFlags(program);
  program->absent_flags["model"] = "--checkpoint names the network";
  program->absent_flags["device"] = "int8 is computed on the CPU";
  const char* const kAsNetwork = "images are read as the network's own were";
  program->absent_flags["image_size"] = kAsNetwork;
  program->absent_flags["image_channels"] = kAsNetwork;
}

absl::Status WriteInt8Onnx(const TrainedNetwork& trained, const std::string& checkpoint,
                           const std::string& path) {
  NAP_RETURN_IF_ERROR(CheckRange("calibration_images", FLAGS_calibration_images, 1, 1e6));
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_ASSIGN_OR_RETURN(const ClassificationOptions classification, ClassificationFromFlags());
  const ModelDescription& description = trained.description;
  NAP_ASSIGN_OR_RETURN(const TorchScriptFile file, ToTorchScript(*trained.network, description));
  NAP_ASSIGN_OR_RETURN(const torch::jit::Module script, ParseTorchScript(file.content));
  ExportedModel model = Model(script, description);
  absl::PrintF("%s", TakeSplitOfRun(checkpoint));
  DatasetOptions options = DatasetOptionsFromFlags();
  options.seed = FLAGS_seed;
  NAP_ASSIGN_OR_RETURN(const DatasetPair data, OpenImagesFor(model, checkpoint, options));
  NAP_ASSIGN_OR_RETURN(const std::vector<at::Tensor> calibration,
                       CalibrationImages(*data.train, description, classification.workers));
  NAP_ASSIGN_OR_RETURN(const torch::jit::Module quantized, QuantizeScript(script, calibration));
  NAP_RETURN_IF_ERROR(WriteOnnx(quantized, description, path));
  ExportedModel int8_model = Model(quantized, description);
  NAP_ASSIGN_OR_RETURN(const ModelEvaluation as_float,
                       EvaluateModel(*data.test, "images as float32", classification, &model));
  NAP_ASSIGN_OR_RETURN(const ModelEvaluation as_int8,
                       EvaluateModel(*data.test, "images as int8", classification, &int8_model));
  const double accuracy = as_float.evaluation.accuracy();
  const double int8_accuracy = as_int8.evaluation.accuracy();
  int64_t count = 0;
  for (const at::Tensor& batch : calibration) count += batch.size(0);
  absl::PrintF(
      "Calibrated with %d training images. Accuracy on %d test images: %.2f %% as float32, %.2f %% "
      "as int8 (%+.2f)\n",
      count, as_int8.evaluation.images(), 100 * accuracy, 100 * int8_accuracy,
      100 * (int8_accuracy - accuracy));
  return absl::OkStatus();
}

}  // namespace nap
