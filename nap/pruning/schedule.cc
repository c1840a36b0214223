#include "nap/pruning/schedule.h"

#include <cmath>

namespace nap {

int OperationsToKeep(const PruningSchedule& schedule, double progress, int initial, int budget) {
  return budget + static_cast<int>(std::lround(schedule(progress) * (initial - budget)));
}

}  // namespace nap
