#include "experiments/run.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <gflags/gflags.h>

#include <algorithm>

#include "nap/base/files.h"
#include "nap/base/program_flags.h"
#include "nap/base/status_macros.h"
#include "nap/base/utf8.h"

namespace nap {

absl::StatusOr<std::string> OutDir(const std::string& out_dir, const RunKind& kind) {
  if (!out_dir.empty()) return out_dir;
  const std::string name =
      absl::StrCat("runs/", kind.experiment, "-",
                   absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()));
  NAP_RETURN_IF_ERROR(MakeFolder("runs"));
  // Others may begin in the same second.
  for (int number = 1;; ++number) {
    const std::string path = number == 1 ? name : absl::StrCat(name, "-", number);
    const absl::Status made = MakeNewFolder(path);
    if (made.ok()) return path;
    if (!absl::IsAlreadyExists(made)) return made;
  }
}

std::string BazelRun(const std::string& target, const std::string& plugins) {
  const std::string flag = plugins.empty() ? "" : absl::StrCat(" --//:plugins=", plugins);
  return absl::StrCat("bazel run ", target, flag, " --");
}

std::string ShellWord(absl::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isalnum(c) || absl::StrContains("-_=./,:+", c);
      })) {
    return std::string(word);
  }
  const bool is_text =
      ToUtf8(word) == word && std::none_of(word.begin(), word.end(), absl::ascii_iscntrl);
  return is_text ? absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'")
                 : absl::StrCat("$'", absl::CEscape(word), "'");
}

std::string GivenFlags(const std::vector<std::string>& flags) {
  std::string text;
  for (const std::string& flag : flags) {
    if (HasDefault(flag)) continue;
    absl::StrAppend(&text, " --", flag, "=",
                    ShellWord(gflags::GetCommandLineFlagInfoOrDie(flag.c_str()).current_value));
  }
  return text;
}

std::string GoOnText(const std::string& out_dir, const RunKind& kind, int processes) {
  if (processes > 1) {
    return absl::StrCat("; go on with: bazel-bin/experiments/", kind.experiment,
                        " --resume --out_dir=", ShellWord(out_dir), ", started as before");
  }
  return absl::StrCat("; go on with: ", BazelRun("//experiments:" + kind.experiment, kind.plugins),
                      " --resume --out_dir=", ShellWord(out_dir));
}

absl::Status Unfinished(const absl::Status& status, const std::string& out_dir, const RunKind& kind,
                        int processes) {
  if (absl::IsFailedPrecondition(status)) {  // it diverged
    return absl::Status(status.code(), absl::StrCat(status.message(),
                                                    "; what was measured so far is in ", out_dir));
  }
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), GoOnText(out_dir, kind, processes)));
}

}  // namespace nap
