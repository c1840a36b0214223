// What the strengths' loss has beside the network's.
#ifndef NAP_RELAXATION_STRENGTH_LOSS_H_
#define NAP_RELAXATION_STRENGTH_LOSS_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "nap/base/parameters.h"
#include "nap/base/registry.h"
#include "nap/relaxation/relaxation.h"

namespace nap {

struct StrengthLoss {
  // Of the strengths of each cell type and of the mixing weights of all living candidates, [n] with
  // n > 0: a scalar, differentiable. Null: nothing.
  std::function<at::Tensor(const std::vector<Strengths>& strengths,
                           const at::Tensor& mixing_weights)>
      loss;

  double weight = 1;  // of it beside the network's loss

  // Whether its weight rises linearly over the epochs, from zero, instead of staying what it is.
  bool rises = false;
};

struct StrengthLossDefinition {
  static constexpr char kKind[] = "strength loss";

  std::string description;
  std::function<absl::StatusOr<StrengthLoss>(const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

using StrengthLossRegistry = Registry<StrengthLossDefinition>;

}  // namespace nap

#endif  // NAP_RELAXATION_STRENGTH_LOSS_H_
