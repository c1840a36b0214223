// softmax: the weights of an edge's living operations sum to one (DARTS).
#include "nap/relaxation/masked_softmax.h"
#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

const bool registered = RelaxationRegistry::Global().Register(
    "softmax", {"softmax over an edge's operations (DARTS)",
                [](const ParameterValues& parameters) {
                  return RelaxationOf(parameters, [](const Strengths& strengths) {
                    return MaskedSoftmax(strengths.operations, strengths.living);
                  });
                },
                RelaxationParameters(/*initial_strength=*/0)});

}  // namespace
}  // namespace nap
