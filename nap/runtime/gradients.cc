#include "nap/runtime/gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/autograd.h>

namespace nap {

std::vector<at::Tensor> Gradients(const at::Tensor& loss, const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> gradients = torch::autograd::grad(
      {loss}, tensors, /*grad_outputs=*/{}, /*retain_graph=*/c10::nullopt, /*create_graph=*/false,
      /*allow_unused=*/true);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!gradients[i].defined() || gradients[i].strides() == tensors[i].strides()) continue;
    gradients[i] = at::empty_like(tensors[i]).copy_(gradients[i]);
  }
  return gradients;
}

void ClearGradients(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) tensor.mutable_grad().reset();
}

}  // namespace nap
