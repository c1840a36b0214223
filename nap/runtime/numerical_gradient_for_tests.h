// Gradients of autograd against numerical ones.
#ifndef NAP_RUNTIME_NUMERICAL_GRADIENT_FOR_TESTS_H_
#define NAP_RUNTIME_NUMERICAL_GRADIENT_FOR_TESTS_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nap {

// Expects the gradients of `function`, which reads `variables`, to be what central differences
// along random directions give: double precision, of leaves that require gradients. A kink of a
// ReLU or a maximum may lie on the way in one direction; so it is the best of three. `promise` is
// said of a variable whose gradient is wrong.
void ExpectNumericalGradients(const std::function<at::Tensor()>& function,
                              const std::vector<std::pair<std::string, at::Tensor>>& variables,
                              const std::string& promise);

}  // namespace nap

#endif  // NAP_RUNTIME_NUMERICAL_GRADIENT_FOR_TESTS_H_
