// What programs do alike.
#ifndef EXPERIMENTS_RUN_H_
#define EXPERIMENTS_RUN_H_

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>

#include "data/dataset.h"
#include "nap/report/run_folder.h"
#include "nap/training/checkpoint.h"

namespace nap {

// `out_dir`, or a new folder named after the experiment and the time if that is empty.
std::string OutDir(const std::string& out_dir, const RunKind& kind);

// With `resume` the flags of the run in `out_dir`, else none.
absl::StatusOr<std::map<std::string, std::string>> EarlierFlags(bool resume,
                                                                const std::string& out_dir,
                                                                const RunKind& kind);

// What `resume` finds; null without it, or if the run was killed before its first checkpoint.
absl::StatusOr<std::unique_ptr<const Checkpoint>> FindCheckpoint(bool resume,
                                                                 const std::string& out_dir);

// Computes with as many threads as the run did that wrote the checkpoint, or, if that is null, with
// `threads` (0: all cores). Returns how many they are.
absl::StatusOr<int> UseThreadsOf(const Checkpoint* checkpoint, int threads);

// The status of a run that did not end, with what the user can do.
absl::Status Unfinished(const absl::Status& status, const std::string& out_dir,
                        const RunKind& kind);

// InvalidArgument if the name is unknown or needs a data_dir; else the dataset's own errors.
absl::StatusOr<DatasetPair> OpenDataset(const std::string& name, const DatasetOptions& options);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_H_
