// softmax: the weights of an edge's living operations sum to one (DARTS).
#include <ATen/ops/softmax.h>

#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

// Far below any strength, yet finite: an edge without living operations gives zeros, not NaN.
constexpr double kDead = -1e30;

const bool registered = RelaxationRegistry::Global().Register(
    "softmax",
    {"softmax over an edge's operations (DARTS)", /*initial_strength=*/0.0,
     [](const at::Tensor& strengths, const at::Tensor& living) {
       return at::softmax(strengths.masked_fill(living.eq(0), kDead), /*dim=*/1).mul(living);
     }});

}  // namespace
}  // namespace nap
