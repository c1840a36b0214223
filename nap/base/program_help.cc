#include "nap/base/program_help.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>
#include <absl/strings/strip.h>
#include <glog/logging.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <set>

#include "nap/base/files.h"

namespace nap {
namespace {

constexpr char kExtension[] = ".flags";

std::string TextOf(double number, std::chars_format format) {
  char text[512];  // the longest is that of the smallest number, of 327 digits
  return std::string(text, std::to_chars(std::begin(text), std::end(text), number, format).ptr);
}

std::string ValueText(const gflags::CommandLineFlagInfo& flag) {
  if (flag.type == "string") return absl::StrCat("'", flag.current_value, "'");
  double number = 0;
  if (flag.type != "double" || !absl::SimpleAtod(flag.current_value, &number)) {
    return flag.current_value;
  }
  return ShortestText(number);
}

std::string FlagHelp(const gflags::CommandLineFlagInfo& flag,
                     const std::vector<FlagChoices>& choices) {
  std::string help =
      absl::StrCat("  --", flag.name, "=", ValueText(flag), "\n      ", flag.description, "\n");
  for (const FlagChoices& each : choices) {
    if (each.flag != flag.name) continue;
    for (absl::string_view line : absl::StrSplit(each.help(), '\n', absl::SkipEmpty())) {
      absl::StrAppend(&help, "        ", line, "\n");
    }
  }
  return help;
}

// The comment at the beginning, in one line.
std::string CommentOf(const std::string& flag_file) {
  std::vector<std::string> lines;
  const absl::StatusOr<std::string> content = ReadFile(flag_file);
  if (!content.ok()) return "";
  for (absl::string_view line : absl::StrSplit(*content, '\n')) {
    if (!absl::ConsumePrefix(&line, "#")) break;
    lines.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return absl::StrJoin(lines, " ");
}

}  // namespace

FlagChoices NamesOf(std::string flag, const std::vector<std::string>& names) {
  return {std::move(flag), [names] { return absl::StrCat("known: ", absl::StrJoin(names, ", ")); }};
}

std::string ShortestText(double number) {
  const std::string plain = TextOf(number, std::chars_format::fixed);
  const std::string scientific = absl::StrReplaceAll(TextOf(number, std::chars_format::scientific),
                                                     {{"e-0", "e-"}, {"e+0", "e"}, {"e+", "e"}});
  return scientific.size() < plain.size() ? scientific : plain;
}

std::string FlagsHelp(const std::vector<gflags::CommandLineFlagInfo>& flags,
                      const std::vector<FlagGroup>& groups,
                      const std::vector<FlagChoices>& choices) {
  std::set<std::string> grouped;
  for (const FlagGroup& group : groups) grouped.insert(group.flags.begin(), group.flags.end());
  std::string help;
  for (const gflags::CommandLineFlagInfo& flag : flags) {
    if (grouped.count(flag.name) == 0) absl::StrAppend(&help, FlagHelp(flag, choices));
  }
  for (const FlagGroup& group : groups) {
    absl::StrAppend(&help, "\n", group.title, ":\n");
    for (const std::string& name : group.flags) {
      const auto found =
          std::find_if(flags.begin(), flags.end(),
                       [&](const gflags::CommandLineFlagInfo& flag) { return flag.name == name; });
      CHECK(found != flags.end()) << "the group '" << group.title << "' names --" << name;
      absl::StrAppend(&help, FlagHelp(*found, choices));
    }
  }
  return help;
}

std::vector<std::string> FlagFilesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == kExtension) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string FlagFile(const std::string& folder, const std::string& name) {
  return absl::StrCat(folder, "/", name, kExtension);
}

std::string FlagFilesHelp(const std::string& folder) {
  std::string help;
  for (const std::string& name : FlagFilesIn(folder)) {
    absl::StrAppend(&help, name, ": ", CommentOf(FlagFile(folder, name)), "\n");
  }
  return help;
}

}  // namespace nap
