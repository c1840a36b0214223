// The programs that a comparison runs as children, and the run folders that they leave.
#ifndef EXPERIMENTS_COMPARISON_CHILD_H_
#define EXPERIMENTS_COMPARISON_CHILD_H_

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

#include "nap/report/run_folder.h"

namespace nap {

struct ChildProgram {
  std::string path;
  RunKind kind;
};

struct FlagValue {
  std::string value;
  bool is_default;
};

// By name, those that the result of a run depends on.
using RunFlags = std::map<std::string, FlagValue>;

// What the program's flags would be if it were run with this command line. InvalidArgument with the
// program's own words if it does not take it.
absl::StatusOr<RunFlags> AskForFlags(const ChildProgram& program,
                                     const std::vector<std::string>& command_line);

// Whether the folder holds a run, finished or not.
bool HoldsRun(const std::string& folder);

// "--epochs=2 there, --epochs=3 here", each difference; empty if there is none. A flag that was not
// known there counts as the default.
std::string DifferencesOf(const std::map<std::string, std::string>& there, const RunFlags& here);

// FailedPrecondition, naming each difference, unless the run in the folder was started with these
// flags.
absl::Status CheckFlags(const std::string& folder, const ChildProgram& program,
                        const RunFlags& flags);

// Runs the program until the run in the folder is finished, or goes on with the run that is there,
// with the flags that it has.
// What it writes is appended to <folder>.log, whose last line is shown after `title` on a terminal
// while it runs. Cancelled if the user asked to stop (interrupt.h) and the child has saved the run;
// else the child's own error.
absl::Status FinishRun(const ChildProgram& program, const std::vector<std::string>& command_line,
                       const std::string& folder, const std::string& title);

}  // namespace nap

#endif  // EXPERIMENTS_COMPARISON_CHILD_H_
