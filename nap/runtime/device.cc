#include "nap/runtime/device.h"

#include <ATen/Context.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// One a device, for all threads: LibTorch keeps what is freed for the stream that it was taken on.
c10::Stream UploadStream(const c10::impl::VirtualGuardImpl& gpu, const c10::Device& device) {
  static std::mutex mutex;
  static std::map<c10::DeviceIndex, c10::Stream> streams;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto found = streams.find(device.index());
  if (found != streams.end()) return found->second;
  return streams.emplace(device.index(), gpu.getStreamFromGlobalPool(device)).first->second;
}

absl::StatusOr<c10::Device> DeviceOf(const std::string& name, int process) {
  const auto gpus = static_cast<int>(torch::cuda::device_count());
  if (name == "cpu" || (name == "auto" && gpus == 0)) return c10::Device(c10::kCPU);
  absl::string_view rest = name;
  int index = gpus > 0 ? process % gpus : 0;
  if (name != "auto" && name != "cuda" &&
      !(absl::ConsumePrefix(&rest, "cuda:") && absl::SimpleAtoi(rest, &index) && index >= 0 &&
        index < 128)) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown device '", name, "'; known: ", absl::StrJoin(DeviceNames(), ", ")));
  }
  if (index >= gpus) {
    return absl::FailedPreconditionError(
        absl::StrCat("the device '", name, "' is not there; use --device=cpu, or a LibTorch built ",
                     "for CUDA (tools/setup --libtorch=newest --cuda) on a machine with that GPU"));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace

std::vector<std::string> DeviceNames() { return {"auto", "cpu", "cuda", "cuda:N"}; }

absl::StatusOr<ComputeDevice> FindDevice(const DeviceOptions& options) {
  ComputeDevice found;
  NAP_ASSIGN_OR_RETURN(found.device, DeviceOf(options.name, options.process));
  NAP_ASSIGN_OR_RETURN(found.precision, FindPrecision(options.precision, found.device));
  return found;
}

void UseDevice(const ComputeDevice& device, bool deterministic) {
  if (device.device.is_cpu()) return;
  at::Context& context = at::globalContext();
  const bool tf32 = device.precision == Precision::kTf32;
  context.setAllowTF32CuBLAS(tf32);
  context.setAllowTF32CuDNN(tf32);
  // The fastest of several algorithms is another one at another time.
  context.setBenchmarkCuDNN(!deterministic);
  context.setDeterministicCuDNN(deterministic);
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  // Without it cuBLAS gives the same bits on one stream only, which LibTorch refuses.
  if (deterministic) ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
}

at::Tensor Upload(const at::Tensor& tensor, const c10::Device& device) {
  if (device.is_cpu()) return tensor;
  const c10::impl::VirtualGuardImpl gpu(device.type());
  const c10::Stream own = UploadStream(gpu, device);
  at::Tensor copy;
  {
    const c10::StreamGuard guard(own);
    copy = tensor.pin_memory().to(device, /*non_blocking=*/true);
    own.synchronize();
  }
  // The memory is this stream's, and must not be given to its next copy while the other still
  // reads.
  copy.record_stream(gpu.getDefaultStream(device));
  return copy;
}

}  // namespace nap
