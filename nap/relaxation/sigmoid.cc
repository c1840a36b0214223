// sigmoid: every weight between 0 and 1 on its own (Fair DARTS, Chu et al. 2020).
#include <ATen/ops/sigmoid.h>

#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

const bool registered = RelaxationRegistry::Global().Register(
    "sigmoid", {"sigmoid of the strength (Fair DARTS)", /*initial_strength=*/0.0,
                [](const at::Tensor& strengths, const at::Tensor& living) {
                  return at::sigmoid(strengths).mul(living);
                }});

}  // namespace
}  // namespace nap
