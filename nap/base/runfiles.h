// Where the files are that a program's target has as data.
#ifndef NAP_BASE_RUNFILES_H_
#define NAP_BASE_RUNFILES_H_

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "tools/cpp/runfiles/runfiles.h"

namespace nap {

using Runfiles = bazel::tools::cpp::runfiles::Runfiles;

// program: argv[0], before the folder is changed. Internal with the reason if there are none.
absl::StatusOr<std::unique_ptr<Runfiles>> FindRunfiles(const char* program);

// path: "experiments/presets".
std::string PathIn(const Runfiles& runfiles, const std::string& path);

}  // namespace nap

#endif  // NAP_BASE_RUNFILES_H_
