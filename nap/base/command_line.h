// The flags of a command line and of flag files. gflags' own reader ends the process at an error,
// passes over flags of files that it does not know, and follows a file that names itself for ever.
#ifndef NAP_BASE_COMMAND_LINE_H_
#define NAP_BASE_COMMAND_LINE_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

namespace nap {

struct FlagSetting {
  std::string name;
  std::string value;
  std::string where;  // for messages: "my.flags, line 3: "; empty: the command line
};

// In the order in which they count: --name=value, --name value, --flag and --noflag of those that
// are true or false, with one or two dashes; --flagfile=FILE,FILE stands for what is in the files.
// `bare_flags`: what a flag with text for a value is that stands without one, by name.
//
// InvalidArgument for what is no flag or is none of a known name, and for a file that cannot be
// read.
absl::StatusOr<std::vector<FlagSetting>> ParseArguments(
    const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& bare_flags = {});

// The same of a file: a flag a line, as --name=value; lines that are empty or begin with '#' are
// for people.
absl::StatusOr<std::vector<FlagSetting>> ReadFlagFile(const std::string& path);

// InvalidArgument for a value that the flag cannot have.
absl::Status SetFlags(const std::vector<FlagSetting>& settings);

}  // namespace nap

#endif  // NAP_BASE_COMMAND_LINE_H_
