#include "nap/runtime/device.h"

#include <ATen/Context.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

namespace nap {

absl::StatusOr<c10::Device> FindDevice(const std::string& name) {
  const bool has_cuda = at::hasCUDA();
  if (name == "cpu" || (name == "auto" && !has_cuda)) return c10::Device(c10::kCPU);
  absl::string_view rest = name;
  int index = 0;
  if (name != "auto" && name != "cuda" &&
      !(absl::ConsumePrefix(&rest, "cuda:") && absl::SimpleAtoi(rest, &index) && index >= 0 &&
        index < 128)) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown device '", name, "'; known: auto, cpu, cuda, cuda:N"));
  }
  if (!has_cuda || index >= static_cast<int>(at::detail::getCUDAHooks().getNumGPUs())) {
    return absl::FailedPreconditionError(
        absl::StrCat("the device '", name, "' is not there; use --device=cpu, or a LibTorch built ",
                     "for CUDA on a machine with that GPU"));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace nap
