#include "nap/engine/composed_term.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>

namespace nap {
namespace {

constexpr double kEpsilon = 1e-5;

}  // namespace

// Scaling inside the batch norm costs nothing, where a product after it would read and write the
// whole tensor once more in each direction.
at::Tensor ComposeNorm(const at::Tensor& x, const at::Tensor& weight) {
  return at::batch_norm(x, weight, /*bias=*/{}, /*running_mean=*/{}, /*running_var=*/{},
                        /*training=*/true, /*momentum=*/0.0, kEpsilon, /*cudnn_enabled=*/true);
}

at::Tensor ComposeTerm(const CellTerm& term, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& drop_path) {
  at::Tensor y = term.forward(x);
  CellNorm norm = term.Norm(term.NumParts() - 1);
  if (!norm.enabled) {
    if (weight.defined()) y = y * weight;
  } else if (norm.module.is_empty()) {
    y = ComposeNorm(y, weight.defined() ? weight.expand({y.size(1)}).contiguous() : at::Tensor());
  } else {
    y = norm.module->forward(y);
  }
  if (drop_path.defined() && term.drop_path != CellTerm::kKept) {
    y = y * drop_path[term.drop_path].view({-1, 1, 1, 1});
  }
  return y;
}

}  // namespace nap
