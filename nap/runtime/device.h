// Where tensors live.
#ifndef NAP_RUNTIME_DEVICE_H_
#define NAP_RUNTIME_DEVICE_H_

#include <absl/status/statusor.h>
#include <c10/core/Device.h>

#include <string>

namespace nap {

// "auto" (the first GPU if there is one, else the CPU), "cpu", "cuda" or "cuda:N". InvalidArgument
// for another name, FailedPrecondition for a device that is not there.
absl::StatusOr<c10::Device> FindDevice(const std::string& name);

}  // namespace nap

#endif  // NAP_RUNTIME_DEVICE_H_
