#include "nap/runtime/precision.h"

#include <ATen/autocast_mode.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "nap/runtime/libtorch_versions.h"

namespace nap {

std::vector<std::string> PrecisionNames() { return {"float32", "tf32", "bfloat16"}; }

absl::StatusOr<Precision> FindPrecision(const std::string& name, const c10::Device& device) {
  if (name == "float32") return Precision::kFloat32;
  if (name == "bfloat16") return Precision::kBfloat16;
  if (name != "tf32") {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown precision '", name, "'; known: ", absl::StrJoin(PrecisionNames(), ", ")));
  }
  if (!device.is_cpu()) return Precision::kTf32;
  return absl::FailedPreconditionError(
      "--precision=tf32 needs a GPU; CPUs have float32 and bfloat16");
}

AutocastGuard::AutocastGuard(Precision precision, const c10::Device& device)
    : enabled_(precision == Precision::kBfloat16), device_(device.type()) {
  if (!enabled_) return;
  at::autocast::increment_nesting();
  EnableAutocast(device_, true);
}

AutocastGuard::~AutocastGuard() {
  if (!enabled_) return;
  EnableAutocast(device_, false);
  // What is kept are weights in bfloat16, of before the next step.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace nap
