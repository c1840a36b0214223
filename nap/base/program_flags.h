// The flags of a program: presets, names of parts, those of an earlier run, --help.
#ifndef NAP_BASE_PROGRAM_FLAGS_H_
#define NAP_BASE_PROGRAM_FLAGS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <gflags/gflags.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/program_help.h"
#include "nap/base/registry.h"

namespace nap {

// A flag whose value names an entry of a registry, perhaps with parameters.
struct PartFlag {
  std::string flag;
  std::function<std::string()> help;                                         // Registry::Help
  std::function<absl::StatusOr<std::string>(const std::string&)> full_text;  // Registry::FullText
};

template <typename Entry>
PartFlag PartFlagOf(std::string flag) {
  return {std::move(flag), [] { return Registry<Entry>::Global().Help(); },
          [](const std::string& text) { return Registry<Entry>::Global().FullText(text); }};
}

// A flag of earlier versions that has become a parameter of what another flag names. It is still
// defined, as a string, so that whoever uses it is told.
struct MovedFlag {
  std::string flag;
  std::string part;   // the other one
  std::string entry;  // one of those that have the parameter, for the message
  std::string parameter;
};

struct ProgramOptions {
  std::string name;         // as the user calls it: "cifar_search"
  std::string description;  // one sentence for --help
  std::string main_file;    // __FILE__ of the main: its flags are shown first

  // Of the files whose flags are the program's, too.
  std::vector<std::string> shared_files = {};

  // Flags of those files that would have no effect in this program, each with the reason. They are
  // no flags of it: not shown, not kept, and answered with the reason where somebody gives one.
  std::map<std::string, std::string> absent_flags = {};

  // Flag files that the command line chooses by name and wins over. They are read in this order.
  struct FlagFiles {
    std::string flag;    // that the main defines and whose value is the name: "preset"
    std::string folder;  // "experiments/presets/cifar_search"
  };
  std::vector<FlagFiles> flag_files = {};

  // Such files of other programs, which flags of this one name: for --help.
  std::vector<FlagFiles> others_flag_files = {};

  // Instead of the flag files: the flags of an earlier run that the command line asks to go on
  // with, or none if it does not. Called once the command line is read, in the user's folder, but
  // not for --help. `program`: these options; `to_run`: whether the body comes next, not only
  // --print_flags' answer.
  std::function<absl::StatusOr<std::map<std::string, std::string>>(const ProgramOptions& program,
                                                                   bool to_run)>
      earlier_flags = nullptr;

  // Called when the flags are read, unless they are an earlier run's, to set others that follow
  // from them. `given`: those on the command line; `usual`: what all would be without it.
  using Values = std::map<std::string, std::string>;
  std::function<absl::Status(const std::set<std::string>& given, const Values& usual)> complete =
      nullptr;

  // Flags that do not matter to the result but for rounding, so that they may be given anew all the
  // same.
  std::set<std::string> free_flags = {};

  // Flags that do, but with which the run can go on if they are given anew. Another value for any
  // other is an error that names both.
  std::set<std::string> changeable_flags = {};

  // Those of them that name a file whose content matters, not its place: the content must be what
  // it was.
  std::set<std::string> deciding_files = {};

  // Of flags that one would think are such: why they are not, for that error.
  std::map<std::string, std::string> why_fixed = {};

  // Flags that are paths: what is kept of them is absolute, so that it means the same from another
  // folder.
  std::set<std::string> path_flags = {};

  // Flags with text for a value that may stand without one, which is this.
  std::map<std::string, std::string> bare_flags = {};

  std::vector<PartFlag> parts = {};
  std::vector<MovedFlag> moved_flags = {};

  // For --help: how flags are grouped, and what those may name that are neither parts nor flag
  // files.
  std::vector<FlagGroup> groups = {};
  std::vector<FlagChoices> choices = {};
};

// InvalidArgument "--flag has no effect: <reason>" for the first of the flags that is among those
// given: of a `complete` that knows what the others' values leave to do.
absl::Status RefuseFlags(const std::set<std::string>& given, const std::vector<std::string>& flags,
                         absl::string_view reason);

// Whether the flag has the value that it has where no flag file says anything.
bool HasDefault(const std::string& flag);

// The values of the program's flags, by name; paths are absolute.
std::map<std::string, std::string> FlagValues(const ProgramOptions& options);

// Of those that name parts, with all parameters.
std::map<std::string, std::string> PartValues(const ProgramOptions& options);

// Whether two values of a flag mean the same: of one that names a part, with its defaults; of one
// that is a number, however it is written.
bool SameValue(const ProgramOptions& options, const std::string& flag, const std::string& a,
               const std::string& b);

inline constexpr char kDefaultsFollow[] = "# At their defaults:";

// For RunProgram, which says what it does. Whether the program is to run: else what the command
// line asked for instead is printed. InvalidArgument for a wrong command line.
absl::StatusOr<bool> ReadProgramFlags(int argc, char** argv, const ProgramOptions& options);

}  // namespace nap

#endif  // NAP_BASE_PROGRAM_FLAGS_H_
