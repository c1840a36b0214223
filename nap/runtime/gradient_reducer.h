#ifndef NAP_RUNTIME_GRADIENT_REDUCER_H_
#define NAP_RUNTIME_GRADIENT_REDUCER_H_

#include <ATen/core/Tensor.h>

#include <vector>

namespace nap {

// Stands between every backward pass and the step that is made of its gradients, where those of
// several processes would become one. This one is for a process that works alone.
class GradientReducer {
 public:
  virtual ~GradientReducer() = default;

  // Makes the parameters' gradients those of the whole batch, of which each process has a share.
  virtual void Reduce(const std::vector<at::Tensor>& /*parameters*/) {}
};

}  // namespace nap

#endif  // NAP_RUNTIME_GRADIENT_REDUCER_H_
