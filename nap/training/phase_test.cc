#include "nap/training/phase.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <vector>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/runtime/process_group.h"

namespace nap {
namespace {

class Recorder final : public PhaseObserver {
 public:
  void OnPhase(const PhaseReport& report) override { reports.push_back(report); }
  absl::Status OnStop(const PhaseReport&) override { return stop; }

  std::vector<PhaseReport> reports;
  absl::Status stop;
};

void WaitUntilLater() {
  const double now = MonotonicSeconds();
  while (MonotonicSeconds() == now) {
  }
}

TEST(PhaseTest, SaysWhatIsLeft) {
  ProcessGroup alone;
  Recorder recorder;
  Phase phase({"scoring", 2, 3}, /*expected=*/500, &alone, &recorder, [] { return 1000.; });
  const PhaseReport first = recorder.reports.back();
  EXPECT_EQ(first.what, "scoring");
  EXPECT_EQ(first.epoch, 2);
  EXPECT_EQ(first.parts, 0);
  EXPECT_EQ(first.seconds, 0);
  EXPECT_EQ(first.seconds_left, 1500);
  EXPECT_EQ(phase.ExpectedSeconds(), 500);
  for (const int count : {1, 2}) {
    SCOPED_TRACE(count);
    const double begin = recorder.reports.back().seconds;
    WaitUntilLater();
    phase.SetDone(1, 4);
    const PhaseReport one = recorder.reports.back();
    EXPECT_GT(one.seconds, 0);
    // What was counted first is not the like of what is counted now.
    if (count == 2) {
      EXPECT_DOUBLE_EQ(one.seconds_left, 1000 + 3 * (one.seconds - begin));
    } else {
      EXPECT_DOUBLE_EQ(one.seconds_left, 1000 + 3 * one.seconds);
    }
    EXPECT_DOUBLE_EQ(phase.ExpectedSeconds(), one.seconds + one.seconds_left - 1000);
    WaitUntilLater();
    phase.Tell();
    EXPECT_GT(recorder.reports.back().seconds_left, one.seconds_left);
    phase.SetDone(4, 4);
    EXPECT_EQ(recorder.reports.back().seconds_left, 1000);
  }
  EXPECT_FALSE(phase.IsBrokenOff());
}

// In a process of its own: an interrupt is for good.
TEST(PhaseDeathTest, IsBrokenOffOnlyIfSomethingIsLeftOut) {
  EXPECT_EXIT(
      {
        ProcessGroup alone;
        Recorder recorder;
        Phase phase({"scoring", 2, 3}, 0, &alone, &recorder, [] { return 0.; });
        const bool before = phase.Stops();
        NoteInterrupt(SIGINT);
        const bool whole = !phase.IsBrokenOff();
        const bool stops = phase.Stops() && phase.IsBrokenOff();
        const bool cancelled = absl::IsCancelled(phase.End());
        recorder.stop = absl::DataLossError("disk");
        const bool own = absl::IsDataLoss(phase.End());
        ::_exit(!before && whole && stops && cancelled && own ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace nap
