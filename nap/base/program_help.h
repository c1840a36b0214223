// What a program's --help says of its flags.
#ifndef NAP_BASE_PROGRAM_HELP_H_
#define NAP_BASE_PROGRAM_HELP_H_

#include <gflags/gflags.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/registry.h"

namespace nap {

struct FlagGroup {
  std::string title;
  std::vector<std::string> flags;  // in the order in which they are shown
};

// What a flag's value may name.
struct FlagChoices {
  std::string flag;
  std::function<std::string()> help;  // lines, of which indented ones belong to the one before
};

// A line an entry and one for each of its parameters.
template <typename Entry>
FlagChoices ChoicesOf(std::string flag) {
  return {std::move(flag), [] { return Registry<Entry>::Global().Help(); }};
}

// All in one line.
FlagChoices NamesOf(std::string flag, const std::vector<std::string>& names);

// Of the two ways to write it, "0.0005" and "5e-4", the shorter one that reads back as the same
// number.
std::string ShortestText(double number);

// Each flag with its value, its description and its choices. Those that no group names come first;
// a flag that a group names and that is not among `flags` is a programmer's mistake.
std::string FlagsHelp(const std::vector<gflags::CommandLineFlagInfo>& flags,
                      const std::vector<FlagGroup>& groups,
                      const std::vector<FlagChoices>& choices);

// A folder's flag files, NAME.flags, in alphabetical order. Empty if there is no such folder.
std::vector<std::string> FlagFilesIn(const std::string& folder);

// The path of one of them.
std::string FlagFile(const std::string& folder, const std::string& name);

// "NAME: what the comment at its beginning says", a line a file.
std::string FlagFilesHelp(const std::string& folder);

}  // namespace nap

#endif  // NAP_BASE_PROGRAM_HELP_H_
