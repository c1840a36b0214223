// How raw strengths become the weights with which a mixed operation sums its candidates.
#ifndef NAP_RELAXATION_RELAXATION_H_
#define NAP_RELAXATION_RELAXATION_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "nap/base/registry.h"

namespace nap {

struct RelaxationDefinition {
  static constexpr char kKind[] = "relaxation";

  std::string description;

  // Where every strength starts, unless the user says otherwise.
  double initial_strength;

  // strengths [edges, operations] float, living [edges, operations] float of 0 and 1 -> mixing
  // weights [edges, operations], exactly 0 for what is not living. Differentiable in strengths.
  std::function<at::Tensor(const at::Tensor& strengths, const at::Tensor& living)> mixing_weights;
};

using RelaxationRegistry = Registry<RelaxationDefinition>;

}  // namespace nap

#endif  // NAP_RELAXATION_RELAXATION_H_
