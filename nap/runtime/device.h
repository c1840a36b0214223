// Where tensors live, and how it computes there.
#ifndef NAP_RUNTIME_DEVICE_H_
#define NAP_RUNTIME_DEVICE_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "nap/runtime/precision.h"

namespace nap {

struct DeviceOptions {
  std::string name = "auto";
  std::string precision = "float32";
  // The same seed gives the same bits on a GPU too, more slowly. On a CPU it always does.
  bool deterministic = false;
  int process = 0;  // of those on this machine; "auto" and "cuda" are each one's own GPU
};

struct ComputeDevice {
  c10::Device device = c10::Device(c10::kCPU);
  Precision precision = Precision::kFloat32;
};

// Those that FindDevice understands, N being a number.
std::vector<std::string> DeviceNames();

// "auto" (a GPU if there is one, else the CPU), "cpu", "cuda" or "cuda:N". InvalidArgument
// for another name, FailedPrecondition for a device that is not there, or has not the precision.
absl::StatusOr<ComputeDevice> FindDevice(const DeviceOptions& options);

// Tells LibTorch, for the whole process, how GPUs are to compute. To be called before one does.
void UseDevice(const ComputeDevice& device, bool deterministic);

// The tensor on the device, ready to be used on its current stream. A GPU copies it on another
// stream, while it computes; the calling thread waits, so that it should be one that prepares what
// comes next. On the CPU the tensor itself.
at::Tensor Upload(const at::Tensor& tensor, const c10::Device& device);

}  // namespace nap

#endif  // NAP_RUNTIME_DEVICE_H_
