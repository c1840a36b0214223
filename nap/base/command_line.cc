#include "nap/base/command_line.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <gflags/gflags.h>
#include <sys/stat.h>

#include <iterator>
#include <utility>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr char kFlagFile[] = "flagfile";
constexpr int kMostFiles = 100;  // one that names itself has no end

class Parser {
 public:
  explicit Parser(const std::map<std::string, std::string>& bare_flags) : bare_flags_(bare_flags) {}

  absl::Status ReadArguments(const std::vector<std::string>& arguments) {
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
      const auto next = std::next(argument);
      bool takes_next = false;
      NAP_RETURN_IF_ERROR(
          Read(*argument, /*where=*/"", next == arguments.end() ? nullptr : &*next, &takes_next));
      if (takes_next) ++argument;
    }
    return absl::OkStatus();
  }

  // `from`: where it is named.
  absl::Status ReadFile(const std::string& path, const std::string& from) {
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(from, "the flag file ", path, " ", what));
    };
    if (++files_ > kMostFiles) return error("names itself, or too many others");
    struct stat present {};
    if (::stat(path.c_str(), &present) == 0 &&
        (S_ISCHR(present.st_mode) || S_ISDIR(present.st_mode))) {
      return error("is no file");  // a device may have no end
    }
    const absl::StatusOr<std::string> content = nap::ReadFile(path);
    if (!content.ok()) return error(absl::StrCat("is not read: ", content.status().message()));
    if (absl::StrContains(*content, '\0')) return error("is no text");
    int number = 0;
    for (absl::string_view line : absl::StrSplit(*content, '\n')) {
      ++number;
      line = absl::StripAsciiWhitespace(line);
      if (line.empty() || line[0] == '#') continue;
      NAP_RETURN_IF_ERROR(Read(std::string(line), absl::StrCat(path, ", line ", number, ": "),
                               /*next=*/nullptr, nullptr));
    }
    return absl::OkStatus();
  }

  std::vector<FlagSetting> Settings() && { return std::move(settings_); }

 private:
  // `next`: the argument behind it, which may be its value, or null.
  absl::Status Read(const std::string& argument, const std::string& where, const std::string* next,
                    bool* takes_next) {
    absl::string_view text = argument;
    if (!absl::ConsumePrefix(&text, "-")) return NotAFlag(argument, where);
    absl::ConsumePrefix(&text, "-");
    const size_t equals = text.find('=');
    std::string name(text.substr(0, equals));
    if (name.empty()) return NotAFlag(argument, where);
    gflags::CommandLineFlagInfo flag;
    if (!gflags::GetCommandLineFlagInfo(name.c_str(), &flag)) {
      absl::string_view positive = name;
      if (equals != absl::string_view::npos || !absl::ConsumePrefix(&positive, "no") ||
          !gflags::GetCommandLineFlagInfo(std::string(positive).c_str(), &flag) ||
          flag.type != "bool") {
        return absl::InvalidArgumentError(
            absl::StrCat(where, "there is no flag --", name, "; see --help"));
      }
      return Add({std::string(positive), "false", where});
    }
    if (equals != absl::string_view::npos) {
      return Add({std::move(name), std::string(text.substr(equals + 1)), where});
    }
    if (flag.type == "bool") return Add({std::move(name), "true", where});
    const auto bare = bare_flags_.find(name);
    if (bare != bare_flags_.end()) return Add({std::move(name), bare->second, where});
    if (next == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, "--", name, " needs a value, --", name, "=..."));
    }
    *takes_next = true;
    return Add({std::move(name), *next, where});
  }

  static absl::Status NotAFlag(const std::string& argument, const std::string& where) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, "'", argument, "' is not a flag; see --help"));
  }

  absl::Status Add(FlagSetting setting) {
    // gflags' reader does these itself.
    for (const char* other : {"fromenv", "tryfromenv", "undefok"}) {
      if (setting.name == other) {
        return absl::InvalidArgumentError(
            absl::StrCat(setting.where, "--", setting.name, " is not supported"));
      }
    }
    if (setting.name != kFlagFile) {
      settings_.push_back(std::move(setting));
      return absl::OkStatus();
    }
    for (absl::string_view path : absl::StrSplit(setting.value, ',', absl::SkipEmpty())) {
      NAP_RETURN_IF_ERROR(ReadFile(std::string(path), setting.where));
    }
    return absl::OkStatus();
  }

  const std::map<std::string, std::string>& bare_flags_;
  int files_ = 0;
  std::vector<FlagSetting> settings_;
};

// What values of gflags' types are.
std::string KindOf(const std::string& type) {
  if (type == "bool") return "true or false";
  if (type == "double") return "a number";
  const char* const size = absl::EndsWith(type, "32") ? "32 bits" : "64 bits";
  return absl::StrCat(
      absl::StartsWith(type, "u") ? "a whole number from 0 of " : "a whole number of ", size);
}

}  // namespace

absl::StatusOr<std::vector<FlagSetting>> ParseArguments(
    const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& bare_flags) {
  Parser parser(bare_flags);
  NAP_RETURN_IF_ERROR(parser.ReadArguments(arguments));
  return std::move(parser).Settings();
}

absl::StatusOr<std::vector<FlagSetting>> ReadFlagFile(const std::string& path) {
  const std::map<std::string, std::string> no_bare_flags;
  Parser parser(no_bare_flags);
  NAP_RETURN_IF_ERROR(parser.ReadFile(path, /*from=*/""));
  return std::move(parser).Settings();
}

absl::Status SetFlags(const std::vector<FlagSetting>& settings) {
  for (const FlagSetting& setting : settings) {
    if (!gflags::SetCommandLineOption(setting.name.c_str(), setting.value.c_str()).empty())
      continue;
    const auto flag = gflags::GetCommandLineFlagInfoOrDie(setting.name.c_str());
    return absl::InvalidArgumentError(absl::StrCat(setting.where, "--", setting.name, "=",
                                                   setting.value, " is not ", KindOf(flag.type)));
  }
  return absl::OkStatus();
}

}  // namespace nap
