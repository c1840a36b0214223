#include "experiments/comparison_child.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "nap/base/files.h"
#include "nap/base/interrupt.h"
#include "nap/base/process.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// The last line, without "<program>: error: "; empty if there is none. A line may have been
// rewritten by carriage returns.
std::string LastLine(absl::string_view text, const ChildProgram& program) {
  text = absl::StripTrailingAsciiWhitespace(text);
  text.remove_prefix(text.find_last_of("\r\n") + 1);  // npos + 1 is 0
  if (absl::ConsumePrefix(&text, absl::StrCat(program.kind.experiment, ": "))) {
    absl::ConsumePrefix(&text, "error: ");
  }
  return std::string(text);
}

std::string LastLineOfFile(const std::string& file, const ChildProgram& program) {
  const absl::StatusOr<std::string> content = ReadFile(file);
  return content.ok() ? LastLine(*content, program) : "";
}

// Rewrites the terminal's line; nothing if it is none.
void ShowOnTerminal(const std::string& line) {
  if (::isatty(STDERR_FILENO) == 0) return;
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  std::fprintf(stderr, "\r\033[K%s", line.substr(0, known ? size.ws_col - 1 : 79).c_str());
  std::fflush(stderr);
}

}  // namespace

absl::StatusOr<RunFlags> AskForFlags(const ChildProgram& program,
                                     const std::vector<std::string>& command_line) {
  std::vector<std::string> arguments = {program.path, "--print_flags"};
  arguments.insert(arguments.end(), command_line.begin(), command_line.end());
  NAP_ASSIGN_OR_RETURN(const ProcessResult result, RunProcess(arguments));
  if (result.exit_code != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        program.kind.experiment, " does not take these flags: ", LastLine(result.errors, program)));
  }
  RunFlags flags;
  bool is_default = false;
  for (absl::string_view line : absl::StrSplit(result.output, '\n')) {
    is_default |= line == kDefaultsFollow;
    if (!absl::ConsumePrefix(&line, "--")) continue;
    const std::pair<std::string, std::string> flag = absl::StrSplit(line, absl::MaxSplits('=', 1));
    flags[flag.first] = {flag.second, is_default};
  }
  return flags;
}

bool HoldsRun(const std::string& folder) {
  std::error_code ignored;  // then the run says what is wrong
  return std::filesystem::exists(folder + "/config.json", ignored);
}

std::string DifferencesOf(const std::map<std::string, std::string>& there, const RunFlags& here) {
  std::vector<std::string> differences;
  for (const auto& [name, flag] : here) {
    const auto found = there.find(name);
    if (found == there.end() ? flag.is_default
                             : SameValue(ProgramOptions(), name, found->second, flag.value)) {
      continue;
    }
    differences.push_back(absl::StrCat(found == there.end()
                                           ? absl::StrCat("no --", name)
                                           : absl::StrCat("--", name, "=", found->second),
                                       " there, --", name, "=", flag.value, " here"));
  }
  return absl::StrJoin(differences, "; ");
}

absl::Status CheckFlags(const std::string& folder, const ChildProgram& program,
                        const RunFlags& flags) {
  NAP_ASSIGN_OR_RETURN(const auto earlier, RunFolder::FlagsOf(folder, program.kind));
  const std::string differences = DifferencesOf(earlier, flags);
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the run in ", folder,
                                                    " has other flags: ", differences,
                                                    "; give the same, or another --out_dir"));
}

absl::Status FinishRun(const ChildProgram& program, const std::vector<std::string>& command_line,
                       const std::string& folder, const std::string& title) {
  std::vector<std::string> arguments = {program.path, absl::StrCat("--out_dir=", folder)};
  if (HoldsRun(folder)) {
    arguments.push_back("--resume");
  } else {
    arguments.insert(arguments.end(), command_line.begin(), command_line.end());
  }
  NAP_RETURN_IF_ERROR(MakeFolder(folder));
  const std::string log = folder + ".log";
  const absl::StatusOr<int> exit_code = RunLongProcess(arguments, log, [&] {
    ShowOnTerminal(absl::StrCat(title, ": ", LastLineOfFile(log, program)));
  });
  ShowOnTerminal("");
  if (!exit_code.ok()) return exit_code.status();
  if (*exit_code == 0) return absl::OkStatus();
  const std::string last = LastLineOfFile(log, program);
  if (InterruptSignal() != 0 && *exit_code == 128 + InterruptSignal()) {
    return absl::CancelledError(absl::StrCat("stopped during ", title));
  }
  return absl::InternalError(
      absl::StrCat(title, " ended with exit code ", *exit_code,
                   *exit_code == 137 ? " (killed, perhaps for want of memory)" : "", ": ", last,
                   " (", log, ")"));
}

}  // namespace nap
