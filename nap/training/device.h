// Where tensors live and how many threads compute.
#ifndef NAP_TRAINING_DEVICE_H_
#define NAP_TRAINING_DEVICE_H_

#include <absl/status/statusor.h>
#include <c10/core/Device.h>

#include <string>

namespace nap {

// "auto" (the first GPU if there is one, else the CPU), "cpu", "cuda" or "cuda:N". InvalidArgument
// for another name, FailedPrecondition for a device that is not there.
absl::StatusOr<c10::Device> FindDevice(const std::string& name);

// 0 means all of the machine's. Returns the number chosen.
int UseThreads(int threads);

// The largest amount of memory that the process has held so far, in bytes.
int64_t PeakMemoryBytes();

// Gives freed memory back and starts PeakMemoryBytes anew, where the system can (Linux).
void ResetPeakMemory();

}  // namespace nap

#endif  // NAP_TRAINING_DEVICE_H_
