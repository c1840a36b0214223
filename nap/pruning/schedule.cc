#include "nap/pruning/schedule.h"

#include <cmath>

namespace nap {

int OperationsToKeep(const PruningScheduleDefinition& schedule, double progress, int initial,
                     int budget) {
  return budget + static_cast<int>(std::lround(schedule.surplus(progress) * (initial - budget)));
}

}  // namespace nap
