// Softmax among some of the entries of a row.
#ifndef NAP_RELAXATION_MASKED_SOFTMAX_H_
#define NAP_RELAXATION_MASKED_SOFTMAX_H_

#include <ATen/core/Tensor.h>
#include <ATen/ops/softmax.h>

namespace nap {

// Over the entries of each row where `mask` [rows, columns] is 1; 0 where it is 0.
inline at::Tensor MaskedSoftmax(const at::Tensor& values, const at::Tensor& mask) {
  // Far below any strength, yet finite: a row without entries gives zeros, not NaN.
  constexpr double kMasked = -1e30;
  return at::softmax(values.masked_fill(mask.eq(0), kMasked), /*dim=*/1).mul(mask);
}

}  // namespace nap

#endif  // NAP_RELAXATION_MASKED_SOFTMAX_H_
