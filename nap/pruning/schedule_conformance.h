// For authors of pruning schedules: whether one keeps the promises of nap/pruning/schedule.h.
#ifndef NAP_PRUNING_SCHEDULE_CONFORMANCE_H_
#define NAP_PRUNING_SCHEDULE_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of the schedule that is registered under this name that its surplus is 1 at the start, 0
// at the end, and never grows in between.
void ExpectScheduleConforms(const std::string& name);

}  // namespace nap

#endif  // NAP_PRUNING_SCHEDULE_CONFORMANCE_H_
