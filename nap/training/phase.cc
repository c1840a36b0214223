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
  report_.done = done;
  report_.parts = parts;
  TellAt(count_end_ = std::max(seconds(), 1e-9));
}

void Phase::BeginCount(int64_t done, int64_t parts) {
  if (report_.done == done && report_.parts == parts) return;
  report_.goes_on |= done > 0;
  report_.done = count_from_ = done;
  report_.parts = parts;
  TellAt(count_begin_ = count_end_ = std::max(seconds(), 1e-9));
}

absl::Status Phase::KeepParts() {
  report_.goes_on = true;
  return processes_.Agree(observer_.OnPartsKept(report_));
}

void Phase::Tell() { TellAt(std::max(seconds(), 1e-9)); }

void Phase::TellAt(double seconds) {
  Heartbeat();
  report_.seconds = seconds;
  report_.seconds_left = OwnSecondsLeft() + seconds_left_after_();
  observer_.OnPhase(report_);
}

double Phase::OwnSecondsLeft() const {
  if (!IsCounting()) return std::max(0., expected_ - report_.seconds);
  const double part = (count_end_ - count_begin_) / static_cast<double>(report_.done - count_from_);
  const auto left = static_cast<double>(report_.parts - report_.done);
  // Of the running part as much as is left of it, or nothing if it takes longer than the others.
  return std::max({0., part * left - (report_.seconds - count_end_), part * (left - 1)});
}

double Phase::ExpectedSeconds() const {
  return IsCounting() ? report_.seconds + OwnSecondsLeft() : expected_;
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
