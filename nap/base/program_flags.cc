#include "nap/base/program_flags.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

#include "nap/base/command_line.h"
#include "nap/base/plugin_hint.h"
#include "nap/base/runfiles.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr absl::string_view kPrintFlags = "--print_flags";

std::string ValueOf(const std::string& flag) {
  return gflags::GetCommandLineFlagInfoOrDie(flag.c_str()).current_value;
}

// gflags keeps the flags of all files in one list.
std::vector<gflags::CommandLineFlagInfo> FlagsOf(const ProgramOptions& options) {
  std::vector<std::string> files = {options.main_file};
  files.insert(files.end(), options.shared_files.begin(), options.shared_files.end());
  std::vector<gflags::CommandLineFlagInfo> all, found;
  gflags::GetAllFlags(&all);
  for (const std::string& file : files) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const gflags::CommandLineFlagInfo& flag) {
                   return flag.filename == file && options.absent_flags.count(flag.name) == 0;
                 });
  }
  return found;
}

// What is wrong is itself.
std::string FullText(const PartFlag& part, const std::string& text) {
  const absl::StatusOr<std::string> full = part.full_text(text);
  return full.ok() ? *full : text;
}

// Null: the flag names no part.
const PartFlag* FindPart(const ProgramOptions& options, const std::string& flag) {
  const auto found = std::find_if(options.parts.begin(), options.parts.end(),
                                  [&](const PartFlag& part) { return part.flag == flag; });
  return found == options.parts.end() ? nullptr : &*found;
}

// "name:parameters" with one more of them.
std::string WithOneMore(const std::string& text, const std::string& parameter) {
  const auto [name, parameters] = SplitName(text);
  return WithParameters(name,
                        parameters.empty() ? parameter : absl::StrCat(parameters, ",", parameter));
}

// What a flag that has moved says, as a parameter: yes and no have become numbers.
std::string ParameterText(const MovedFlag& moved, const std::string& value) {
  bool yes = false;
  return absl::StrCat(moved.parameter, "=",
                      absl::SimpleAtob(value, &yes) ? absl::StrCat(yes ? 1 : 0) : value);
}

// As it means the same from another folder.
std::string ValueToKeep(const ProgramOptions& options, const gflags::CommandLineFlagInfo& flag) {
  double number = 0;
  if (flag.type == "double" && absl::SimpleAtod(flag.current_value, &number)) {
    return ShortestText(number);
  }
  if (options.path_flags.count(flag.name) == 0 || flag.current_value.empty()) {
    return flag.current_value;
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(flag.current_value, error).lexically_normal();
  return error ? flag.current_value : path.string();
}

void PrintFlags(const ProgramOptions& options) {
  std::string defaults;
  for (const gflags::CommandLineFlagInfo& flag : FlagsOf(options)) {
    if (options.free_flags.count(flag.name) != 0) continue;
    const std::string line = absl::StrCat("--", flag.name, "=", ValueToKeep(options, flag), "\n");
    if (HasDefault(flag.name)) {
      defaults += line;
    } else {
      std::printf("%s", line.c_str());
    }
  }
  std::printf("%s\n%s", kDefaultsFollow, defaults.c_str());
}

absl::StatusOr<std::string> FindFlagFolder(const char* program,
                                           const ProgramOptions::FlagFiles& files) {
  NAP_ASSIGN_OR_RETURN(const auto runfiles, FindRunfiles(program));
  const std::string folder = PathIn(*runfiles, files.folder);
  return std::filesystem::absolute(folder).string();
}

absl::StatusOr<std::string> FindFlagFile(const std::string& folder,
                                         const ProgramOptions::FlagFiles& files) {
  const std::string name = ValueOf(files.flag);
  const std::vector<std::string> known = FlagFilesIn(folder);
  if (std::find(known.begin(), known.end(), name) != known.end()) return FlagFile(folder, name);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown ", files.flag, " '", name, "'; known: ", absl::StrJoin(known, ", ")));
}

// Of flags that name flag files. Before the folder is changed, as the program's path may be
// relative.
std::vector<FlagChoices> FlagFileChoices(const char* program, const ProgramOptions& options) {
  std::vector<FlagChoices> choices;
  for (const auto* several : {&options.flag_files, &options.others_flag_files}) {
    for (const ProgramOptions::FlagFiles& files : *several) {
      const absl::StatusOr<std::string> folder = FindFlagFolder(program, files);
      if (!folder.ok()) continue;  // as reading the files says
      choices.push_back({files.flag, [folder = *folder] { return FlagFilesHelp(folder); }});
    }
  }
  return choices;
}

// Without the flags that the program does not have.
std::vector<FlagGroup> GroupsOf(const ProgramOptions& options) {
  std::vector<FlagGroup> groups;
  for (FlagGroup group : options.groups) {
    group.flags.erase(std::remove_if(group.flags.begin(), group.flags.end(),
                                     [&](const std::string& flag) {
                                       return options.absent_flags.count(flag) != 0;
                                     }),
                      group.flags.end());
    if (!group.flags.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

void PrintHelp(const ProgramOptions& options, std::vector<FlagChoices> choices) {
  std::vector<std::string> files;
  for (const ProgramOptions::FlagFiles& each : options.flag_files) {
    files.push_back(absl::StrCat("the ", each.flag, " '", ValueOf(each.flag), "'"));
  }
  for (const PartFlag& part : options.parts) choices.push_back({part.flag, part.help});
  choices.insert(choices.end(), options.choices.begin(), options.choices.end());
  std::printf("%s: %s\n\nFlags (with their defaults%s%s):\n%s", options.name.c_str(),
              options.description.c_str(), files.empty() ? "" : " in ",
              absl::StrJoin(files, " and ").c_str(),
              FlagsHelp(FlagsOf(options), GroupsOf(options), choices).c_str());
  if (!options.parts.empty()) {
    std::printf(
        "\nParameters of what a flag names stand behind a colon: "
        "--NAME=part:parameter=value,parameter=value.\n");
  }
  std::printf(
      "\n--flagfile=FILE reads flags from a file. --helpfull lists the flags of the "
      "libraries too.\n--print_flags prints the flags that the result depends on, with the values "
      "that they would\nhave, as such a file.\n");
}

// Where `bazel run` was called.
absl::Status EnterCallersFolder() {
  const char* folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr || ::chdir(folder) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("cannot enter ", folder));
}

// Where a part that knows the parameter was named.
void MoveEarlierFlags(const ProgramOptions& options, std::map<std::string, std::string>* earlier) {
  for (const MovedFlag& moved : options.moved_flags) {
    const auto value = earlier->find(moved.flag);
    const auto named = earlier->find(moved.part);
    if (value == earlier->end() || named == earlier->end()) continue;
    if (value->second == gflags::GetCommandLineFlagInfoOrDie(moved.flag.c_str()).default_value) {
      continue;
    }
    const std::string text = WithOneMore(named->second, ParameterText(moved, value->second));
    const PartFlag* part = FindPart(options, moved.part);
    CHECK(part != nullptr) << moved.part;
    if (part->full_text(text).ok()) named->second = text;
  }
}

absl::Status NoEffect(const std::string& where, const std::string& flag, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(where, "--", flag, " has no effect: ", reason));
}

absl::Status CheckAbsentFlags(const ProgramOptions& options,
                              const std::vector<FlagSetting>& settings) {
  for (const FlagSetting& setting : settings) {
    const auto absent = options.absent_flags.find(setting.name);
    if (absent != options.absent_flags.end()) {
      return NoEffect(setting.where, setting.name, absent->second);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMovedFlags(const ProgramOptions& options) {
  for (const MovedFlag& moved : options.moved_flags) {
    const auto flag = gflags::GetCommandLineFlagInfoOrDie(moved.flag.c_str());
    if (flag.is_default) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "--", moved.flag, "=", flag.current_value, " is a parameter of what --", moved.part,
        " names: --", moved.part, "=", moved.entry, ":", ParameterText(moved, flag.current_value)));
  }
  return absl::OkStatus();
}

absl::Status UseEarlierFlags(const ProgramOptions& options,
                             std::map<std::string, std::string> earlier) {
  MoveEarlierFlags(options, &earlier);
  std::vector<std::string> differences;
  for (const gflags::CommandLineFlagInfo& flag : FlagsOf(options)) {
    const auto found = earlier.find(flag.name);
    const std::string value = found == earlier.end() ? flag.default_value : found->second;
    if (flag.is_default) {
      if (gflags::SetCommandLineOption(flag.name.c_str(), value.c_str()).empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the earlier run's --", flag.name, "=", value, " is not understood"));
      }
    } else if (!SameValue(options, flag.name, value, flag.current_value) &&
               options.free_flags.count(flag.name) == 0 &&
               options.changeable_flags.count(flag.name) == 0) {
      differences.push_back(absl::StrCat("--", flag.name, "=", value, " there, --", flag.name, "=",
                                         flag.current_value, " here"));
      const auto why = options.why_fixed.find(flag.name);
      if (why != options.why_fixed.end()) {
        absl::StrAppend(&differences.back(), " (", why->second, ")");
      }
    }
  }
  if (differences.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the earlier run has other flags: ", absl::StrJoin(differences, "; "),
                   "; leave out what is to stay as it was"));
}

// What a flag names is known and has such parameters. (A default may be empty: nothing is named.)
absl::Status CheckParts(const ProgramOptions& options) {
  for (const PartFlag& part : options.parts) {
    if (HasDefault(part.flag)) continue;
    NAP_RETURN_IF_ERROR(part.full_text(ValueOf(part.flag)).status());
  }
  return absl::OkStatus();
}

// What is unknown here the earlier run's program had from a plugin.
absl::Status CheckEarlierParts(const ProgramOptions& options) {
  const absl::Status status = CheckParts(options);
  if (!absl::StartsWith(status.message(), "unknown ")) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), kPluginHint));
}

bool AsksForHelp(absl::string_view argument) {
  return argument == "--help" || argument == "-help" || argument == "-h";
}

// Those of the settings that choose a flag file.
std::vector<FlagSetting> NamingFlagFiles(std::vector<FlagSetting> settings,
                                         const ProgramOptions& options) {
  const auto names_none = [&options](const FlagSetting& setting) {
    return std::none_of(options.flag_files.begin(), options.flag_files.end(),
                        [&](const auto& files) { return files.flag == setting.name; });
  };
  settings.erase(std::remove_if(settings.begin(), settings.end(), names_none), settings.end());
  return settings;
}

bool PrintsFlags(int argc, char** argv) {
  return std::count(argv + 1, argv + argc, kPrintFlags) > 0;
}

// The command line is set twice: first to learn the flag files, then to win over them.
absl::Status ReadFlags(int argc, char** argv, const ProgramOptions& options, bool help) {
  // Before the folder is changed: the program's path may be relative.
  std::vector<std::string> folders;
  for (const ProgramOptions::FlagFiles& files : options.flag_files) {
    NAP_ASSIGN_OR_RETURN(folders.emplace_back(), FindFlagFolder(argv[0], files));
  }
  NAP_RETURN_IF_ERROR(EnterCallersFolder());
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] != kPrintFlags && !AsksForHelp(argv[i])) arguments.emplace_back(argv[i]);
  }
  absl::StatusOr<std::vector<FlagSetting>> parsed = ParseArguments(arguments, options.bare_flags);
  // What is wrong is no hindrance to be helped.
  if (help) parsed = NamingFlagFiles(parsed.ok() ? *parsed : std::vector<FlagSetting>(), options);
  NAP_ASSIGN_OR_RETURN(const std::vector<FlagSetting> command_line, std::move(parsed));
  NAP_RETURN_IF_ERROR(CheckAbsentFlags(options, command_line));
  NAP_RETURN_IF_ERROR(SetFlags(command_line));
  gflags::HandleCommandLineHelpFlags();  // --helpfull and its like
  NAP_RETURN_IF_ERROR(CheckMovedFlags(options));
  std::vector<std::string> paths;
  for (size_t i = 0; i < folders.size(); ++i) {
    NAP_ASSIGN_OR_RETURN(paths.emplace_back(), FindFlagFile(folders[i], options.flag_files[i]));
  }
  if (options.earlier_flags != nullptr && !help) {
    NAP_ASSIGN_OR_RETURN(const auto earlier,
                         options.earlier_flags(options, /*to_run=*/!PrintsFlags(argc, argv)));
    if (!earlier.empty()) {
      NAP_RETURN_IF_ERROR(UseEarlierFlags(options, earlier));
      return CheckEarlierParts(options);
    }
  }
  std::set<std::string> given;
  for (const gflags::CommandLineFlagInfo& flag : FlagsOf(options)) {
    if (flag.is_default) continue;
    given.insert(flag.name);
    // What it has where no flag file says anything.
    CHECK(!gflags::SetCommandLineOption(flag.name.c_str(), flag.default_value.c_str()).empty());
  }
  for (const std::string& path : paths) {
    NAP_ASSIGN_OR_RETURN(const std::vector<FlagSetting> settings, ReadFlagFile(path));
    NAP_RETURN_IF_ERROR(SetFlags(settings));
  }
  const std::map<std::string, std::string> usual = FlagValues(options);
  NAP_RETURN_IF_ERROR(SetFlags(command_line));
  return options.complete == nullptr ? absl::OkStatus() : options.complete(given, usual);
}

}  // namespace

bool HasDefault(const std::string& flag) {
  const gflags::CommandLineFlagInfo info = gflags::GetCommandLineFlagInfoOrDie(flag.c_str());
  return info.current_value == info.default_value;
}

absl::Status RefuseFlags(const std::set<std::string>& given, const std::vector<std::string>& flags,
                         absl::string_view reason) {
  for (const std::string& flag : flags) {
    if (given.count(flag) != 0) return NoEffect(/*where=*/"", flag, reason);
  }
  return absl::OkStatus();
}

std::map<std::string, std::string> FlagValues(const ProgramOptions& options) {
  std::map<std::string, std::string> values;
  for (const gflags::CommandLineFlagInfo& flag : FlagsOf(options)) {
    values[flag.name] = ValueToKeep(options, flag);
  }
  return values;
}

std::map<std::string, std::string> PartValues(const ProgramOptions& options) {
  std::map<std::string, std::string> values;
  for (const PartFlag& part : options.parts) values[part.flag] = FullText(part, ValueOf(part.flag));
  return values;
}

bool SameValue(const ProgramOptions& options, const std::string& flag, const std::string& a,
               const std::string& b) {
  const PartFlag* const part = FindPart(options, flag);
  if (part != nullptr) return FullText(*part, a) == FullText(*part, b);
  if (a == b) return true;
  // Earlier versions kept 0.05 as 0.050000000000000003. Whole numbers may have more digits than
  // these have.
  const bool whole = absl::StrCat(a, b).find_first_of(".e") == std::string::npos;
  double number = 0, other = 0;
  return !whole && absl::SimpleAtod(a, &number) && absl::SimpleAtod(b, &other) && number == other;
}

absl::StatusOr<bool> ReadProgramFlags(int argc, char** argv, const ProgramOptions& options) {
  const bool help = std::any_of(argv + 1, argv + argc, AsksForHelp);
  std::vector<FlagChoices> flag_files;
  if (help) flag_files = FlagFileChoices(argv[0], options);
  NAP_RETURN_IF_ERROR(ReadFlags(argc, argv, options, help));
  if (help) {
    PrintHelp(options, std::move(flag_files));
    return false;
  }
  NAP_RETURN_IF_ERROR(CheckParts(options));
  if (!PrintsFlags(argc, argv)) return true;
  PrintFlags(options);
  return false;
}

}  // namespace nap
