// Values and gradients of a cell against those that they should be.
#ifndef NAP_ENGINE_AGREEMENT_FOR_TESTS_H_
#define NAP_ENGINE_AGREEMENT_FOR_TESTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nap {

// Names that begin with "output" are outputs, those of running statistics have "running_" in them,
// the others are gradients; undefined where there is none.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// |found - wanted| / |wanted|; `wanted` is in double precision.
double RelativeError(const at::Tensor& found, const at::Tensor& wanted);

// Expects them to agree, of each the best of five seeds: a value may lie so near a kink of ReLU or
// pooling that rounding moves it across, which happens with some seeds, while a wrong formula is
// wrong with all of them. `what` names the case. Returns whether they do.
bool ExpectAgreement(const std::function<NamedTensors(int64_t seed)>& found,
                     const std::function<NamedTensors(int64_t seed)>& wanted, double output_error,
                     double gradient_error, const std::string& what);

}  // namespace nap

#endif  // NAP_ENGINE_AGREEMENT_FOR_TESTS_H_
