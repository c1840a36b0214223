#ifndef NAP_RUNTIME_GRADIENTS_H_
#define NAP_RUNTIME_GRADIENTS_H_

#include <ATen/core/Tensor.h>

#include <vector>

namespace nap {

class ProcessGroup;

// The loss's gradients, each laid out in memory as its tensor; undefined for a tensor on which the
// loss does not depend. Nothing is added to the tensors' own gradients.
std::vector<at::Tensor> Gradients(const at::Tensor& loss, const std::vector<at::Tensor>& tensors);

// Collective. The same, added up over all processes, which have computed their losses by the same
// graph: each travels while the backward pass still computes others. The tensors are leaves.
std::vector<at::Tensor> SummedGradients(const at::Tensor& loss,
                                        const std::vector<at::Tensor>& tensors,
                                        ProcessGroup* processes);

// Frees the tensors' own gradients. A parameter that gets none at the next step is then left alone
// by it.
void ClearGradients(const std::vector<at::Tensor>& tensors);

}  // namespace nap

#endif  // NAP_RUNTIME_GRADIENTS_H_
