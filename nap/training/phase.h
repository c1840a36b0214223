// What a run takes its time for between the steps: evaluating what they have made, scoring
// operations.
#ifndef NAP_TRAINING_PHASE_H_
#define NAP_TRAINING_PHASE_H_

#include <absl/status/status.h>

#include <cstdint>
#include <functional>
#include <string>

namespace nap {

class ProcessGroup;

struct PhaseReport {
  std::string what;  // "evaluating the validation part"
  int epoch = 0;     // at whose end; 0: before the first
  int epochs = 0;
  int64_t done = 0;         // of its parts, of all processes together
  int64_t parts = 0;        // 0: not known yet
  bool goes_on = false;     // broken off, it begins anew; or goes on behind what was done
  double seconds = 0;       // since it began; 0 where it begins, and only there
  double seconds_left = 0;  // of the run, as far as that is known
};

// What is told to observers of searches and of trainings alike.
class PhaseObserver {
 public:
  virtual ~PhaseObserver() = default;

  // Often, while one lasts.
  virtual void OnPhase(const PhaseReport& /*report*/) {}

  // Some parts of a phase are done which need not be computed again: what is saved now goes on
  // behind them. An error ends the run.
  virtual absl::Status OnPartsKept(const PhaseReport& /*report*/) { return absl::OkStatus(); }

  // The user has asked to stop (interrupt.h), and the phase is broken off. What is saved now is how
  // it was before the phase, which a run that goes on from there begins anew, or behind the parts
  // that were kept. The error is what the run ends with; Cancelled if there is none.
  virtual absl::Status OnStop(const PhaseReport& /*report*/) { return absl::OkStatus(); }
};

class Phase {
 public:
  // All must outlive it. report: what, epoch and epochs; expected: seconds that it may take, 0: not
  // known; seconds_left_after: of what comes later.
  Phase(PhaseReport report, double expected, ProcessGroup* processes, PhaseObserver* observer,
        std::function<double()> seconds_left_after);

  // Tells the observer that so many are done, more than were, or that it gets on, as the
  // constructor tells that it begins.
  void SetDone(int64_t done, int64_t parts);
  void Tell();

  // Before the first SetDone of a count that does not begin with the phase, of one more, or of one
  // of which so many were done in another phase. The same as was told last goes on.
  void BeginCount(int64_t done, int64_t parts);

  // Collective: what is done by now is kept, whatever comes. The first observer's error.
  absl::Status KeepParts();

  // To be asked before anything that takes long: whether the user has asked to stop. Who is told so
  // leaves out what it was to do, and nothing of this phase counts.
  bool Stops();

  // Collective, at the end: whether any process has left something out.
  bool IsBrokenOff();

  // What the run ends with if so.
  absl::Status End();

  double seconds() const;

  // From its beginning to its end, by what was told last; 0: not known yet.
  double ExpectedSeconds() const;

 private:
  void TellAt(double seconds);
  bool IsCounting() const { return report_.done > count_from_; }
  double OwnSecondsLeft() const;

  PhaseReport report_;
  const double expected_;  // seconds
  ProcessGroup& processes_;
  PhaseObserver& observer_;
  const std::function<double()> seconds_left_after_;
  const double begin_;  // seconds
  // PhaseReport::seconds when the parts began to be counted, and when they were counted last.
  double count_begin_ = 0, count_end_ = 0;
  int64_t count_from_ = 0;  // parts that were done then
  bool left_out_ = false;
};

}  // namespace nap

#endif  // NAP_TRAINING_PHASE_H_
