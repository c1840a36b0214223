// cubic (Zhu, Gupta 2017): most is pruned early, while there is much to choose from. linear: the
// same number each time. one_shot: everything at the last milestone.
#include "nap/pruning/schedule.h"

namespace nap {
namespace {

bool Register(const char* name, const char* description, double (*surplus)(double)) {
  return PruningScheduleRegistry::Global().Register(
      name, {description, [surplus](const ParameterValues&) { return surplus; }});
}

const bool registered[] = {
    Register("cubic", "(1 - progress)^3 of the surplus",
             [](double progress) { return (1 - progress) * (1 - progress) * (1 - progress); }),
    Register("linear", "1 - progress of the surplus", [](double progress) { return 1 - progress; }),
    Register("one_shot", "all of the surplus until the last milestone",
             [](double progress) { return progress < 1 ? 1.0 : 0.0; }),
};

}  // namespace
}  // namespace nap
