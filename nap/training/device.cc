#include "nap/training/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>

#include <fstream>

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

int UseThreads(int threads) {
  if (threads == 0) {
    // What this process may use, which in a container is often less than what the machine has.
    cpu_set_t set;
    CPU_ZERO(&set);
    threads = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  }
  at::set_num_threads(threads);
  return threads;
}

int64_t PeakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

void ResetPeakMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace nap
