// By CUDA's caching allocator, in builds for CUDA.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>

#include <functional>

#include "nap/runtime/memory.h"

namespace nap {
namespace {

// Before anything is on a GPU the allocator knows of none, and throws.
void ForEachGpu(const std::function<void(c10::DeviceIndex)>& body) {
  if (!c10::cuda::CUDACachingAllocator::get()->initialized()) return;
  for (c10::DeviceIndex gpu = 0; gpu < c10::cuda::device_count(); ++gpu) body(gpu);
}

int64_t PeakBytes() {
  int64_t sum = 0;
  ForEachGpu([&sum](c10::DeviceIndex gpu) {
    // The first of the statistics is of large and small blocks together.
    sum += c10::cuda::CUDACachingAllocator::getDeviceStats(gpu).reserved_bytes[0].peak;
  });
  return sum;
}

void ResetPeak() { ForEachGpu(c10::cuda::CUDACachingAllocator::resetPeakStats); }

const bool registered = [] {
  GpuMemoryOfLibTorch() = {PeakBytes, ResetPeak};
  return true;
}();

}  // namespace
}  // namespace nap
