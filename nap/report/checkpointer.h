#ifndef NAP_REPORT_CHECKPOINTER_H_
#define NAP_REPORT_CHECKPOINTER_H_

#include <absl/status/statusor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nap/report/run_folder.h"
#include "nap/training/checkpoint.h"
#include "nap/training/phase.h"

namespace nap {

// Decides when a run is saved: after each epoch, after a step or a removal when the last time is
// long ago, and when the user asks to stop (interrupt.h). Then the run ends with Cancelled, whose
// message says where.
class Checkpointer {
 public:
  struct Options {
    double minutes;  // between two checkpoints, at least
    // That compute in each process: kept, since they may decide about the bits.
    std::vector<int> threads;
    // Flags that the result depends on, so that a checkpoint is known as another run's.
    std::map<std::string, std::string> flags = {};
  };
  // `state`: what is to be saved.
  Checkpointer(RunFolder* folder, const Options& options, std::function<Checkpoint()> state);

  absl::Status AfterStep(int epoch, int64_t step);
  absl::Status AfterPruning(int epoch, int operations_alive);
  absl::Status AfterEpoch(int epoch);

  // A part of the phase is done and kept.
  absl::Status AfterParts(const PhaseReport& phase);

  // The user has asked to stop, and the phase is broken off.
  absl::Status WithinPhase(const PhaseReport& phase);

  // What Options::threads of this process was, or `otherwise` if there are not as many processes as
  // there were.
  static absl::StatusOr<int> Threads(const Checkpoint& checkpoint, int rank, int processes,
                                     int otherwise);

  // FailedPrecondition if Options::flags were others, of which `same` is to say of two values of
  // one whether they mean the same. Checkpoints of versions up to 0.3 do not say.
  static absl::Status CheckFlags(
      const Checkpoint& checkpoint, const std::map<std::string, std::string>& flags,
      const std::function<bool(const std::string& name, const std::string& a,
                               const std::string& b)>& same);

 private:
  absl::Status SaveIfDue(const std::string& where);
  absl::Status Save(const std::string& where);

  RunFolder* const folder_;
  const Options options_;
  const std::function<Checkpoint()> state_;
  double last_save_;  // seconds
};

}  // namespace nap

#endif  // NAP_REPORT_CHECKPOINTER_H_
