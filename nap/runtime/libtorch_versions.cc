#include "nap/runtime/libtorch_versions.h"

#include <ATen/autocast_mode.h>
#include <c10/util/Logging.h>
#include <torch/version.h>

#include <sstream>
#include <string>

namespace nap {
namespace {

// 1.13 keys the state by the printed address of the tensor, 2.x by the address.
template <typename KeyType = OptimizerState::key_type>
KeyType Key(const at::Tensor& parameter) {
  if constexpr (std::is_same_v<KeyType, std::string>) {
    std::ostringstream key;
    key << parameter.unsafeGetTensorImpl();
    return key.str();
  } else {
    return parameter.unsafeGetTensorImpl();
  }
}

// At every error LibTorch looks for a stack trace, which nobody sees here, and where memory has run
// out it ends the process by that.
[[maybe_unused]] const bool no_stack_traces = [] {
  c10::SetStackTraceFetcher([] { return std::string(); });
  return true;
}();

}  // namespace

OptimizerState::key_type StateKey(const at::Tensor& parameter) { return Key(parameter); }

void QuietLog() {
#ifndef C10_USE_GLOG
  constexpr int kFatal = 3;
  FLAGS_caffe2_log_level = kFatal;
#endif
}

void EnableAutocast(c10::DeviceType device, bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  at::autocast::set_autocast_dtype(device, at::kBFloat16);
  at::autocast::set_autocast_enabled(device, enabled);
#else
  if (device == at::kCPU) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  } else {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(enabled);
  }
#endif
}

}  // namespace nap
