#include "nap/training/phase.h"

#include <absl/strings/str_cat.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "nap/base/clock.h"
#include "nap/base/heartbeat.h"
#include "nap/base/interrupt.h"
#include "nap/runtime/process_group.h"

namespace nap {

Phase::Phase(PhaseReport report, double expected, ProcessGroup* processes, PhaseObserver* observer,
             std::function<double()> seconds_left_after)
    : report_(std::move(report)),
      expected_(expected),
      processes_(*processes),
      observer_(*observer),
      seconds_left_after_(std::move(seconds_left_after)),
      begin_(MonotonicSeconds()) {
  TellAt(0);
}

double Phase::seconds() const { return MonotonicSeconds() - begin_; }

void Phase::SetDone(int64_t done, int64_t parts) {
  if (done <= report_.done) count_begin_ = report_.seconds;
  report_.done = done;
  report_.parts = parts;
  Tell();
}

void Phase::Tell() { TellAt(std::max(seconds(), 1e-9)); }

void Phase::TellAt(double seconds) {
  Heartbeat();
  report_.seconds = seconds;
  report_.seconds_left = OwnSecondsLeft() + seconds_left_after_();
  observer_.OnPhase(report_);
}

double Phase::OwnSecondsLeft() const {
  if (report_.done == 0) return std::max(0., expected_ - report_.seconds);
  return (report_.seconds - count_begin_) / static_cast<double>(report_.done) *
         static_cast<double>(report_.parts - report_.done);
}

double Phase::ExpectedSeconds() const {
  return report_.done == 0 ? expected_ : report_.seconds + OwnSecondsLeft();
}

bool Phase::Stops() {
  if (InterruptSignal() == 0) return false;
  left_out_ = true;
  return true;
}

bool Phase::IsBrokenOff() { return processes_.Sum(left_out_ ? 1.0 : 0.0) > 0; }

absl::Status Phase::End() {
  NoteInterrupt(SIGTERM);  // whichever process was asked to stop, rank 0 saves
  const absl::Status status = observer_.OnStop(report_);
  return status.ok() ? absl::CancelledError(absl::StrCat("stopped while ", report_.what)) : status;
}

}  // namespace nap
