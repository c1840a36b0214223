// What the training of a derived network writes into its run folder.
#ifndef NAP_REPORT_TRAINING_RECORD_H_
#define NAP_REPORT_TRAINING_RECORD_H_

#include <absl/status/status.h>

#include <string>

#include "nap/report/run_folder.h"
#include "nap/training/network_trainer.h"

namespace nap {

RunKind TrainingRun(const std::string& experiment);

// A line in metrics.jsonl.
absl::Status WriteStep(const StepReport& report, RunFolder* folder);
absl::Status WriteEpoch(const TrainingEpochReport& report, RunFolder* folder);

}  // namespace nap

#endif  // NAP_REPORT_TRAINING_RECORD_H_
