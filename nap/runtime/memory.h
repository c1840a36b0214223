// How much memory the process holds.
#ifndef NAP_RUNTIME_MEMORY_H_
#define NAP_RUNTIME_MEMORY_H_

#include <cstdint>

namespace nap {

// The largest amount of memory that the process has held so far, in bytes.
int64_t PeakMemoryBytes();

// Gives freed memory back and starts PeakMemoryBytes anew, where the system can (Linux).
void ResetPeakMemory();

}  // namespace nap

#endif  // NAP_RUNTIME_MEMORY_H_
