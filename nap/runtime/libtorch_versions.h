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

}  // namespace nap

#endif  // NAP_RUNTIME_LIBTORCH_VERSIONS_H_
