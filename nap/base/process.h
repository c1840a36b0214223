// Other programs, run as children. They do not outlive this one: when it ends, however it does,
// they get a SIGTERM.
#ifndef NAP_BASE_PROCESS_H_
#define NAP_BASE_PROCESS_H_

#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

namespace nap {

struct ProcessResult {
  int exit_code;  // 128 plus the signal's number if a signal ended it
  std::string output;
  std::string errors;
};

// Runs a program to its end; `arguments` begin with its path, or its name to be looked up in PATH;
// `input` is what it reads. NotFound if there is no such program, Unavailable if it cannot be run;
// DeadlineExceeded if it has not ended after so many seconds (0: it has all the time), when it is
// killed.
absl::StatusOr<ProcessResult> RunProcess(const std::vector<std::string>& arguments,
                                         const std::string& input = "", double most_seconds = 0);

// The same for one that takes long: all that it writes is appended to the file `log`; `meanwhile`
// is called every second; the signal that CatchInterrupts noted (interrupt.h) is handed on to it,
// once, while it does not see a terminal's Ctrl-C itself. Returns its exit code.
absl::StatusOr<int> RunLongProcess(const std::vector<std::string>& arguments,
                                   const std::string& log, const std::function<void()>& meanwhile);

}  // namespace nap

#endif  // NAP_BASE_PROCESS_H_
