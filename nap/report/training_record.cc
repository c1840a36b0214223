#include "nap/report/training_record.h"

#include <nlohmann/json.hpp>

#include "nap/report/metrics.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

RunKind TrainingRun(const std::string& experiment) { return {experiment, {kMetrics}, "model.pt"}; }

absl::Status WriteStep(const StepReport& report, RunFolder* folder) {
  const Json json = {{"kind", "step"},
                     {"epoch", report.epoch},
                     {"step", report.step},
                     {"train_loss", report.train_loss},
                     {"train_accuracy", report.train_accuracy},
                     {"images_per_second", report.images_per_second}};
  return WriteMetrics(json, (report.epoch - 1) * report.steps_per_epoch + report.step, folder);
}

absl::Status WriteEpoch(const TrainingEpochReport& report, RunFolder* folder) {
  const Json json = {{"kind", "epoch"},
                     {"epoch", report.epoch},
                     {"learning_rate", report.learning_rate},
                     {"train_loss", report.train_loss},
                     {"train_accuracy", report.train_accuracy},
                     {"test_loss", report.test_loss},
                     {"test_accuracy", report.test_accuracy},
                     {"test_top5_accuracy", report.test_top5_accuracy},
                     {"seconds", report.seconds},
                     {"peak_memory_bytes", report.peak_memory_bytes},
                     {"broken_images", report.broken_images}};
  return WriteMetrics(json, report.epoch, folder);
}

}  // namespace nap
