#include "nap/training/phase.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/runtime/process_group.h"

namespace nap {
namespace {

class Recorder final : public PhaseObserver {
 public:
  void OnPhase(const PhaseReport& report) override { reports.push_back(report); }
  absl::Status OnPartsKept(const PhaseReport& report) override {
    kept.push_back(report);
    return stop;
  }
  absl::Status OnStop(const PhaseReport&) override { return stop; }

  std::vector<PhaseReport> reports, kept;
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
    if (count == 2) phase.BeginCount(0, 4);
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
    // A second part runs, and may take longer than the first one.
    const double part = (one.seconds_left - 1000) / 3;
    WaitUntilLater();
    phase.Tell();
    const PhaseReport later = recorder.reports.back();
    EXPECT_DOUBLE_EQ(later.seconds_left,
                     1000 + std::max(3 * part - (later.seconds - one.seconds), 2 * part));
    EXPECT_LT(later.seconds_left, one.seconds_left);
    phase.SetDone(4, 4);
    EXPECT_EQ(recorder.reports.back().seconds_left, 1000);
  }
  EXPECT_FALSE(phase.IsBrokenOff());
}

// Of a count that was begun before, what was done then says nothing of the time.
TEST(PhaseTest, GoesOnBehindWhatWasDone) {
  ProcessGroup alone;
  Recorder recorder;
  Phase phase({"scoring", 2, 3}, /*expected=*/500, &alone, &recorder, [] { return 0.; });
  WaitUntilLater();
  phase.BeginCount(6, 8);
  const PhaseReport begun = recorder.reports.back();
  EXPECT_EQ(begun.done, 6);
  EXPECT_TRUE(begun.goes_on);
  EXPECT_DOUBLE_EQ(begun.seconds_left, 500 - begun.seconds);
  WaitUntilLater();
  phase.SetDone(7, 8);
  const double part = recorder.reports.back().seconds - begun.seconds;
  EXPECT_NEAR(recorder.reports.back().seconds_left, part, 1e-9);
  // The same count goes on.
  WaitUntilLater();
  phase.BeginCount(7, 8);
  phase.Tell();
  EXPECT_NEAR(phase.ExpectedSeconds() - recorder.reports.back().seconds,
              recorder.reports.back().seconds_left, 1e-9);
  EXPECT_LT(recorder.reports.back().seconds_left, part);
}

TEST(PhaseTest, KeepsPartsOrEndsWithTheObserversError) {
  ProcessGroup alone;
  Recorder recorder;
  Phase phase({"scoring", 2, 3}, 0, &alone, &recorder, [] { return 0.; });
  phase.BeginCount(0, 4);
  EXPECT_FALSE(recorder.reports.back().goes_on);
  phase.SetDone(1, 4);
  ASSERT_TRUE(phase.KeepParts().ok());
  ASSERT_EQ(recorder.kept.size(), 1u);
  EXPECT_EQ(recorder.kept[0].done, 1);
  phase.SetDone(2, 4);
  EXPECT_TRUE(recorder.reports.back().goes_on);
  recorder.stop = absl::DataLossError("disk");
  EXPECT_EQ(phase.KeepParts(), recorder.stop);
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
