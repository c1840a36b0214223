#include "nap/report/training_record.h"

#include <nlohmann/json.hpp>

#include "nap/report/metrics.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

RunKind TrainingRun(const std::string& experiment) {
  return {experiment, {run_file::kMetrics}, run_file::kModel};
}

absl::Status WriteStep(const StepReport& report, RunFolder* folder) {
  const Json json = {{run_key::kKind, run_kind::kStep},
                     {run_key::kEpoch, report.epoch},
                     {run_key::kStep, report.step},
                     {run_key::kTrainLoss, report.train_loss},
                     {run_key::kTrainAccuracy, report.train_accuracy},
                     {run_key::kImagesPerSecond, report.images_per_second}};
  return WriteMetrics(json, (report.epoch - 1) * report.steps_per_epoch + report.step, folder);
}

absl::Status WriteEpoch(const TrainingEpochReport& report, RunFolder* folder) {
  const Json json = {{run_key::kKind, run_kind::kEpoch},
                     {run_key::kEpoch, report.epoch},
                     {run_key::kLearningRate, report.learning_rate},
                     {run_key::kTrainLoss, report.train_loss},
                     {run_key::kTrainAccuracy, report.train_accuracy},
                     {run_key::kTestLoss, report.test_loss},
                     {run_key::kTestAccuracy, report.test_accuracy},
                     {run_key::kTestTop5Accuracy, report.test_top5_accuracy},
                     {run_key::kSeconds, report.seconds},
                     {run_key::kPeakMemoryBytes, report.peak_memory_bytes},
                     {run_key::kPeakGpuMemoryBytes, report.peak_gpu_memory_bytes},
                     {run_key::kBrokenImages, report.broken_images},
                     {run_key::kProcesses, report.processes},
                     {run_key::kWaitingShare, report.waiting_share},
                     {run_key::kBytesSent, report.bytes_sent}};
  return WriteMetrics(json, report.epoch, folder);
}

}  // namespace nap
