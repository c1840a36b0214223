#include "nap/runtime/memory.h"

#include <malloc.h>
#include <sys/resource.h>

#include <fstream>

namespace nap {

int64_t PeakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

int64_t PeakGpuMemoryBytes() {
  const GpuMemory& gpus = GpuMemoryOfLibTorch();
  return gpus.peak_bytes == nullptr ? 0 : gpus.peak_bytes();
}

GpuMemory& GpuMemoryOfLibTorch() {
  static auto* const gpus = new GpuMemory;
  return *gpus;
}

void ResetPeakMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";
  if (const GpuMemory& gpus = GpuMemoryOfLibTorch(); gpus.reset_peak != nullptr) gpus.reset_peak();
}

}  // namespace nap
