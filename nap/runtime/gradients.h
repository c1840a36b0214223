#ifndef NAP_RUNTIME_GRADIENTS_H_
#define NAP_RUNTIME_GRADIENTS_H_

#include <ATen/core/Tensor.h>

#include <vector>

namespace nap {

// The loss's gradients, each laid out in memory as its tensor; undefined for a tensor on which the
// loss does not depend. Nothing is added to the tensors' own gradients.
std::vector<at::Tensor> Gradients(const at::Tensor& loss, const std::vector<at::Tensor>& tensors);

// Frees the tensors' own gradients. A parameter that gets none at the next step is then left alone
// by it.
void ClearGradients(const std::vector<at::Tensor>& tensors);

}  // namespace nap

#endif  // NAP_RUNTIME_GRADIENTS_H_
