// Several processes that compute together, as children of a test.
#ifndef NAP_RUNTIME_PROCESSES_FOR_TESTS_H_
#define NAP_RUNTIME_PROCESSES_FOR_TESTS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/runtime/process_group.h"

namespace nap {

// How a child ended: its exit code, or 128 plus the number of the signal that ended it, and what it
// returned or printed as the line of a run that lost a process.
struct ProcessEnd {
  int exit_code = -1;
  std::string text;
};

// Calls body(group) in so many new processes, by rank; each ends with exit code 0 and what the body
// returns. To be called before the test itself has computed with tensors: a fork has none of
// its threads. `peer_timeout` as JoinProcesses'.
std::vector<ProcessEnd> RunProcesses(
    int processes,
    const std::function<std::string(const std::shared_ptr<ProcessGroup>& group)>& body,
    double peer_timeout = 60);

// A port of this machine that is free now, and soon.
int FreePort();

}  // namespace nap

#endif  // NAP_RUNTIME_PROCESSES_FOR_TESTS_H_
