// The processes that compute a run together, as programs meet them.
#ifndef EXPERIMENTS_RUN_PROCESSES_H_
#define EXPERIMENTS_RUN_PROCESSES_H_

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>

#include "data/dataset.h"
#include "nap/runtime/launch.h"
#include "nap/runtime/process_group.h"

namespace nap {

struct RunProcesses {
  Launch launch;
  std::shared_ptr<ProcessGroup> group;
};

// Those that torchrun, mpirun or srun has started, or this one alone. Met once, for as long as the
// process lives: from then on one of them says what goes wrong in any, and only rank 0 writes on
// stdout. `flags`: CheckSameFlags' of the command line. InvalidArgument or Unavailable, on all.
absl::StatusOr<RunProcesses> JoinRun(const std::string& program, double peer_timeout,
                                     const std::map<std::string, std::string>& flags);

// What JoinRun has returned.
const RunProcesses& JoinedRun();

// What is added to the line with which a run ends that has lost a process: how to go on.
void SetAdvice(const std::string& advice);

// Collective. InvalidArgument if another process has other flags or another text, with the lines
// that differ; `what`: "flags".
absl::Status CheckSameFlags(ProcessGroup* group, const std::map<std::string, std::string>& flags);
absl::Status CheckSameText(ProcessGroup* group, const std::string& what, const std::string& text);

// Collective. InvalidArgument if another process has other images.
absl::Status CheckSameImages(ProcessGroup* group, const Dataset& images);

// Of a run, in a process that is not rank 0: how it ended. Where the user or another process asked
// it to stop it has done all that it can.
absl::Status EndOfOthers(ProcessGroup* group, const absl::Status& status);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_PROCESSES_H_
