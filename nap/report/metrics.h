// What is measured as a run goes, in one form for all of its readers.
#ifndef NAP_REPORT_METRICS_H_
#define NAP_REPORT_METRICS_H_

#include <absl/status/status.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "nap/report/run_folder.h"

namespace nap {

// A line of metrics.jsonl, and an event if the run writes TensorBoard's. `metrics`: "kind", which
// the tags begin with ("epoch/train_loss"), "epoch" and "step", and the numbers. `step`: where
// TensorBoard draws them.
absl::Status WriteMetrics(const nlohmann::ordered_json& metrics, int64_t step, RunFolder* folder);

}  // namespace nap

#endif  // NAP_REPORT_METRICS_H_
