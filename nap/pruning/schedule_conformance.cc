#include "nap/pruning/schedule_conformance.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "nap/pruning/schedule.h"

namespace nap {

void ExpectScheduleConforms(const std::string& name) {
  constexpr char kWhere[] = " (PruningSchedule in nap/pruning/schedule.h)";
  SCOPED_TRACE(absl::StrCat("pruning schedule ", name));
  const auto made = PruningScheduleRegistry::Global().Make(name);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const PruningSchedule& surplus = *made;
  EXPECT_EQ(surplus(0), 1) << "nothing is pruned before the first milestone" << kWhere;
  EXPECT_EQ(surplus(1), 0) << "the budget is met at the last milestone" << kWhere;
  double before = 1;
  for (int i = 1; i <= 100; ++i) {
    const double now = surplus(i / 100.0);
    // Not a number is neither.
    ASSERT_TRUE(now <= before && now >= 0)
        << "the surplus is " << now << " at " << i / 100.0 << ", " << before
        << " before: it must not grow, nor leave [0, 1]" << kWhere;
    before = now;
  }
}

}  // namespace nap
