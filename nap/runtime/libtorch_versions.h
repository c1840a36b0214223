// What is not the same in all of LibTorch's versions, 1.13 to 2.x. Nothing else asks for the
// version.
#ifndef NAP_RUNTIME_LIBTORCH_VERSIONS_H_
#define NAP_RUNTIME_LIBTORCH_VERSIONS_H_

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <torch/optim/optimizer.h>

#include <type_traits>
#include <utility>

namespace nap {

using OptimizerState = std::decay_t<decltype(std::declval<torch::optim::Optimizer>().state())>;

// Where an optimiser's state() has what belongs to the parameter.
OptimizerState::key_type StateKey(const at::Tensor& parameter);

// LibTorch's autocast to bfloat16, in this thread, for a kind of device.
void EnableAutocast(c10::DeviceType device, bool enabled);

// LibTorch's own log says no more than what ends the process: 2.x lets c10d write a stack trace
// where another process has ended. Where LibTorch logs by glog, as Debian's 1.13 does, which says
// less, the log is ours, too, and stays as it is.
void QuietLog();

template <typename StoreOptions, typename = void>
struct KnowsLibuv : std::false_type {};
template <typename StoreOptions>
struct KnowsLibuv<StoreOptions, std::void_t<decltype(StoreOptions::useLibUV)>> : std::true_type {};

// c10d's TCPStore without libuv, which from 2.4 on it takes for granted and Debian's 2.6 was built
// without. Those who speak to each other may differ in it.
template <typename StoreOptions>
void LeaveOutLibuv(StoreOptions* options) {
  if constexpr (KnowsLibuv<StoreOptions>::value) options->useLibUV = false;
}

}  // namespace nap

#endif  // NAP_RUNTIME_LIBTORCH_VERSIONS_H_
