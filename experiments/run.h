// What programs do alike.
#ifndef EXPERIMENTS_RUN_H_
#define EXPERIMENTS_RUN_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "nap/report/run_folder.h"

namespace nap {

// `out_dir`, or a new folder named after the experiment and the time, which this makes, if that is
// empty.
absl::StatusOr<std::string> OutDir(const std::string& out_dir, const RunKind& kind);

// "bazel run TARGET --", with what links plugins from outside (RunKind::plugins).
std::string BazelRun(const std::string& target, const std::string& plugins);

// As bash and zsh read it as one word, with any bytes.
std::string ShellWord(absl::string_view word);

// " --data_dir=photos --split_seed=3": those of the flags that do not have their defaults.
std::string GivenFlags(const std::vector<std::string>& flags);

// "; go on with: bazel run ...", of a run that so many processes compute.
std::string GoOnText(const std::string& out_dir, const RunKind& kind, int processes);

// The status of a run that did not end, with what the user can do.
absl::Status Unfinished(const absl::Status& status, const std::string& out_dir, const RunKind& kind,
                        int processes);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_H_
