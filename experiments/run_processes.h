// The processes that compute a run together, as programs meet them.
#ifndef EXPERIMENTS_RUN_PROCESSES_H_
#define EXPERIMENTS_RUN_PROCESSES_H_

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "data/dataset.h"
#include "nap/runtime/launch.h"
#include "nap/runtime/process_group.h"

namespace nap {

struct RunProcesses {
  Launch launch;
  std::shared_ptr<ProcessGroup> group;
};

// Those that torchrun, mpirun or srun has started, or this one alone. Met at the first call, for as
// long as the process lives: from then on one of them says what goes wrong in any, and only rank 0
// writes on stdout. `flags`: of the command line, which have to be the same but for those about a
// machine. InvalidArgument or Unavailable, on all.
absl::StatusOr<RunProcesses> JoinRun(const std::string& program, double peer_timeout,
                                     const std::map<std::string, std::string>& flags);

// What is added to the line with which a run ends that has lost a process: how to go on.
void SetAdvice(const std::string& advice);

// Collective. InvalidArgument if another process has other values of flags that are not about a
// machine, or another text, with the lines that differ; `what`: "flags".
absl::Status CheckSameFlags(ProcessGroup* group, const std::map<std::string, std::string>& flags);
absl::Status CheckSameText(ProcessGroup* group, const std::string& what, const std::string& text);

// The flags that are about a machine, and may be others on another one.
const std::set<std::string>& MachinesFlags();

// Collective. InvalidArgument if another process has other images.
absl::Status CheckSameImages(ProcessGroup* group, const Dataset& images);

// Of a run, in a process that is not rank 0: how it ended. Where the user or another process asked
// it to stop it has done all that it can.
absl::Status EndOfOthers(ProcessGroup* group, const absl::Status& status);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_PROCESSES_H_
