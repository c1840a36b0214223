// How many operations are left after each pruning milestone.
#ifndef NAP_PRUNING_SCHEDULE_H_
#define NAP_PRUNING_SCHEDULE_H_

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "nap/base/parameters.h"
#include "nap/base/registry.h"

namespace nap {

// The share of the surplus (what is over the budget) that is still alive at `progress`, the number
// of milestones passed over their total. 1 at 0, 0 at 1, never growing in between.
using PruningSchedule = std::function<double(double progress)>;

struct PruningScheduleDefinition {
  static constexpr char kKind[] = "pruning schedule";

  std::string description;
  std::function<absl::StatusOr<PruningSchedule>(const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

using PruningScheduleRegistry = Registry<PruningScheduleDefinition>;

// The number of operations to keep: `budget` plus the surplus's share, rounded to the nearest.
int OperationsToKeep(const PruningSchedule& schedule, double progress, int initial, int budget);

}  // namespace nap

#endif  // NAP_PRUNING_SCHEDULE_H_
