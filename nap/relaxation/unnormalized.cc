// unnormalized: a strength is its own weight (NAP). Operations do not compete for a fixed sum.
#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

const bool registered = RelaxationRegistry::Global().Register(
    "unnormalized", {"the strength itself (NAP)",
                     [](const ParameterValues& parameters) {
                       return RelaxationOf(parameters, [](const Strengths& strengths) {
                         return strengths.operations.mul(strengths.living);
                       });
                     },
                     RelaxationParameters(/*initial_strength=*/0.5)});

}  // namespace
}  // namespace nap
