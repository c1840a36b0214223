// LibTorch's own random numbers: those of the CPU, from which initial weights are drawn.
#ifndef NAP_RUNTIME_RANDOM_STATE_H_
#define NAP_RUNTIME_RANDOM_STATE_H_

#include <ATen/core/Tensor.h>

namespace nap {

// The generator's state, a tensor of bytes.
at::Tensor RandomState();
void SetRandomState(const at::Tensor& state);

// Puts it back when it goes.
class RandomGuard {
 public:
  RandomGuard() : state_(RandomState()) {}
  ~RandomGuard() { SetRandomState(state_); }
  RandomGuard(const RandomGuard&) = delete;
  RandomGuard& operator=(const RandomGuard&) = delete;

 private:
  const at::Tensor state_;
};

}  // namespace nap

#endif  // NAP_RUNTIME_RANDOM_STATE_H_
