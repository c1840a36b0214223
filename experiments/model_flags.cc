#include "experiments/model_flags.h"

#include <filesystem>

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/report/run_schema.h"
#include "nap/runtime/device.h"
#include "nap/runtime/threads.h"

DEFINE_string(model, "",
              "model.pt of a training, its run folder, or what tools/export_model has written");
DEFINE_int32(batch_size, 64, "images that are classified at once");
DEFINE_int32(workers, 1, "threads that decode images");
DEFINE_int32(threads, 0, "threads that compute; 0: all cores");
DEFINE_string(device, "auto", "what computes; auto: a GPU if there is one, else the CPU");

namespace nap {

void AddModelFlags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back({"Model", {"model"}});
  program->groups.push_back({"Machine", {"batch_size", "workers", "threads", "device"}});
  program->choices.push_back(NamesOf("device", DeviceNames()));
}

absl::StatusOr<ClassificationOptions> ClassificationFromFlags() {
  NAP_RETURN_IF_ERROR(CheckRange("batch_size", FLAGS_batch_size, 1, 1e6));
  NAP_RETURN_IF_ERROR(CheckRange("workers", FLAGS_workers, 1, kMostThreads));
  NAP_RETURN_IF_ERROR(CheckRange("threads", FLAGS_threads, 0, kMostThreads));
  UseThreads(FLAGS_threads);
  return ClassificationOptions{FLAGS_batch_size, FLAGS_workers};
}

absl::StatusOr<ModelFromFlags> OpenModelFromFlags() {
  if (FLAGS_model.empty()) {
    return absl::InvalidArgumentError("--model is missing: the model.pt of a training");
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(FLAGS_model, ignored)) {
    FLAGS_model = (std::filesystem::path(FLAGS_model) / run_file::kModel).string();
  }
  ModelFromFlags opened;
  NAP_ASSIGN_OR_RETURN(opened.classification, ClassificationFromFlags());
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice({FLAGS_device}));
  UseDevice(device, /*deterministic=*/false);
  opened.classification.device = device.device;
  NAP_ASSIGN_OR_RETURN(opened.model, ReadExportedModel(FLAGS_model, device.device));
  return opened;
}

PictureSize SizeOf(const ExportedModel& model) {
  return {static_cast<int>(model.image_size.height), static_cast<int>(model.image_size.width)};
}

}  // namespace nap
