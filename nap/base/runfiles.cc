#include "nap/base/runfiles.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

namespace nap {
namespace {

constexpr char kWorkspace[] = "nap";

}  // namespace

absl::StatusOr<std::unique_ptr<Runfiles>> FindRunfiles(const char* program) {
  std::string error;
  std::unique_ptr<Runfiles> runfiles(Runfiles::Create(program, &error));
  if (runfiles == nullptr) return absl::InternalError(error);
  return runfiles;
}

std::string PathIn(const Runfiles& runfiles, const std::string& path) {
  return runfiles.Rlocation(absl::StrCat(kWorkspace, "/", path));
}

}  // namespace nap
