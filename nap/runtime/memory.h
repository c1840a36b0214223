// How much memory the process holds, the system's and its GPUs'.
#ifndef NAP_RUNTIME_MEMORY_H_
#define NAP_RUNTIME_MEMORY_H_

#include <cstdint>
#include <functional>

namespace nap {

// The largest amount of memory that the process has held so far, in bytes.
int64_t PeakMemoryBytes();

// The largest amount of GPUs' memory that LibTorch has held for the process so far, in bytes; 0
// where it computes on none.
int64_t PeakGpuMemoryBytes();

// Gives freed memory back and starts both anew, where the system can (Linux).
void ResetPeakMemory();

// What asks LibTorch's allocator for GPUs: set by who is linked in (gpu_memory.cc), else null.
struct GpuMemory {
  std::function<int64_t()> peak_bytes;
  std::function<void()> reset_peak;
};
GpuMemory& GpuMemoryOfLibTorch();

}  // namespace nap

#endif  // NAP_RUNTIME_MEMORY_H_
