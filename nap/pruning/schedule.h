// How many operations are left after each pruning milestone.
#ifndef NAP_PRUNING_SCHEDULE_H_
#define NAP_PRUNING_SCHEDULE_H_

#include <functional>
#include <string>

#include "nap/base/registry.h"

namespace nap {

struct PruningScheduleDefinition {
  static constexpr char kKind[] = "pruning schedule";

  std::string description;

  // The share of the surplus (what is over the budget) that is still alive at `progress`, the
  // number of milestones passed over their total. 1 at 0, 0 at 1, never growing in between.
  std::function<double(double progress)> surplus;
};

using PruningScheduleRegistry = Registry<PruningScheduleDefinition>;

// The number of operations to keep: `budget` plus the surplus's share, rounded to the nearest.
int OperationsToKeep(const PruningScheduleDefinition& schedule, double progress, int initial,
                     int budget);

}  // namespace nap

#endif  // NAP_PRUNING_SCHEDULE_H_
