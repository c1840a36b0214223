// unnormalized: a strength is its own weight (NAP). Operations do not compete for a fixed sum.
#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

const bool registered = RelaxationRegistry::Global().Register(
    "unnormalized",
    {"the strength itself (NAP)", /*initial_strength=*/0.5,
     [](const at::Tensor& strengths, const at::Tensor& living) { return strengths.mul(living); }});

}  // namespace
}  // namespace nap
