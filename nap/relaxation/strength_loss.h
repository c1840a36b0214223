// What the strengths' loss has beside the network's.
#ifndef NAP_RELAXATION_STRENGTH_LOSS_H_
#define NAP_RELAXATION_STRENGTH_LOSS_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "nap/base/registry.h"

namespace nap {

struct StrengthLossDefinition {
  static constexpr char kKind[] = "strength loss";

  std::string description;

  // Of the mixing weights of all living candidates, [n] with n > 0: a scalar, differentiable. Null:
  // nothing.
  std::function<at::Tensor(const at::Tensor& mixing_weights)> loss;
};

using StrengthLossRegistry = Registry<StrengthLossDefinition>;

}  // namespace nap

#endif  // NAP_RELAXATION_STRENGTH_LOSS_H_
