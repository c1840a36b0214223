// All schedules conform; and of each promise, one that breaks it is found out.
#include "nap/pruning/schedule_conformance.h"

#include <gtest/gtest.h>

#include <string>

#include "nap/base/failures_for_tests.h"
#include "nap/pruning/schedule.h"

namespace nap {
namespace {

class ScheduleConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(ScheduleConformanceTest, Conforms) { ExpectScheduleConforms(GetParam()); }

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, ScheduleConformanceTest,
                         testing::ValuesIn(PruningScheduleRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

void ExpectFound(const PruningSchedule& surplus, const std::string& text) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  PruningScheduleRegistry::Global().Register(
      name, {"a test's", [surplus](const ParameterValues&) { return surplus; }});
  ExpectFailure([&] { ExpectScheduleConforms(name); }, text);
}

TEST(FaultyScheduleTest, IsFound) {
  ExpectFound([](double progress) { return 0.9 - 0.9 * progress; }, "before the first milestone");
  ExpectFound([](double progress) { return 1 - 0.9 * progress; }, "at the last milestone");
  ExpectFound([](double progress) { return 1 + progress - 2 * progress * progress; },
              "it must not grow");
}

}  // namespace
}  // namespace nap
