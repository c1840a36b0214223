// How the forward and backward pass of a step is run: at once, or recorded once and replayed.
#ifndef NAP_RUNTIME_STEP_RUNNER_H_
#define NAP_RUNTIME_STEP_RUNNER_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace nap {

// This one runs at once.
class StepRunner {
 public:
  // What a pass computes from its inputs and from tensors that stay where they are, weights say. It
  // reads no number from any of them and moves none between devices. Its results are nobody else's;
  // some may be undefined.
  using Body = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& inputs)>;

  virtual ~StepRunner() = default;

  // body(inputs). The body is the same function at every call with this `kind`, but for Forget and
  // for inputs of other shapes. The results hold until the next call of any kind.
  virtual std::vector<at::Tensor> Run(int /*kind*/, const std::vector<at::Tensor>& inputs,
                                      const Body& body) {
    return body(inputs);
  }

  // From now on bodies are other functions, of other weights: something was pruned.
  virtual void Forget() {}
};

}  // namespace nap

#endif  // NAP_RUNTIME_STEP_RUNNER_H_
