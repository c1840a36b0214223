#ifndef NAP_RUNTIME_JOIN_PROCESSES_H_
#define NAP_RUNTIME_JOIN_PROCESSES_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>

#include "nap/runtime/launch.h"
#include "nap/runtime/process_group.h"

namespace nap {

// Meets the other processes of the launch: a group on LibTorch's c10d, of Gloo for what is on the
// CPU and NCCL, where it is compiled in, for what is on a GPU. `peer_timeout`: seconds for all to
// come, and after which one that gives no sign of life is lost. `print`: is given the line with
// which a run ends that has lost one. Unavailable if not all come, or Aborted where another process
// says so.
absl::StatusOr<std::shared_ptr<ProcessGroup>> JoinProcesses(
    const Launch& launch, double peer_timeout, std::function<void(absl::string_view line)> print);

}  // namespace nap

#endif  // NAP_RUNTIME_JOIN_PROCESSES_H_
