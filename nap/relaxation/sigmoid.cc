// sigmoid: every weight between 0 and 1 on its own (Fair DARTS, Chu et al. 2020).
#include <ATen/ops/sigmoid.h>

#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

const bool registered = RelaxationRegistry::Global().Register(
    "sigmoid", {"sigmoid of the strength (Fair DARTS)",
                [](const ParameterValues& parameters) {
                  return RelaxationOf(parameters, [](const Strengths& strengths) {
                    return at::sigmoid(strengths.operations).mul(strengths.living);
                  });
                },
                RelaxationParameters(/*initial_strength=*/0)});

}  // namespace
}  // namespace nap
