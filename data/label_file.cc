#include "data/label_file.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <map>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

struct Line {
  int number;  // in the file, from 1
  size_t image;
  std::string word;  // the class as it stands there
  // The labels that it has as a class's name and as a number; -1: it is none.
  int as_name = -1, as_number = -1;
};

template <typename... What>
absl::Status Fail(const std::string& path, const Line& line, const What&... what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ", line ", line.number, ": ", what...));
}

absl::StatusOr<std::vector<Line>> ReadLines(const std::string& path, const std::string& folder,
                                            const std::vector<std::string>& images,
                                            const std::vector<std::string>& class_names) {
  std::map<std::string, size_t> by_name;  // below `folder`, or the file's alone
  for (size_t i = 0; i < images.size(); ++i) {
    by_name.emplace(images[i].substr(folder.size() + 1), i);
  }
  for (size_t i = 0; i < images.size(); ++i) {
    by_name.emplace(images[i].substr(images[i].rfind('/') + 1), i);
  }
  std::map<std::string, int> by_class;
  for (const std::string& name : class_names) {
    by_class.emplace(name, static_cast<int>(by_class.size()));
  }
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  std::vector<Line> lines;
  Line line{};
  for (const absl::string_view text : absl::StrSplit(content, '\n')) {
    ++line.number;
    const std::vector<std::string> words =
        absl::StrSplit(text, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    if (words.size() < 2) return Fail(path, line, "'", words[0], "' has no class after it");
    const auto image = by_name.find(words[0]);
    if (image == by_name.end()) {
      return Fail(path, line, "there is no image '", words[0], "' in ", folder);
    }
    line.image = image->second;
    line.word = words[1];
    const auto named = by_class.find(std::string(absl::StripSuffix(line.word, "/")));
    line.as_name = named == by_class.end() ? -1 : named->second;
    if (!absl::SimpleAtoi(line.word, &line.as_number) || line.as_number < 0 ||
        line.as_number >= static_cast<int>(class_names.size())) {
      line.as_number = -1;
    }
    if (line.as_name < 0 && line.as_number < 0) {
      return Fail(path, line, "'", line.word,
                  "' is neither a class folder of train nor a number from 0 to ",
                  class_names.size() - 1);
    }
    lines.push_back(line);
  }
  return lines;
}

// Whether the lines are to be read as names; else they are numbers.
absl::StatusOr<bool> AreNames(const std::string& path, const std::vector<Line>& lines,
                              const std::vector<std::string>& class_names) {
  const Line *no_name = nullptr, *no_number = nullptr, *differs = nullptr;
  for (const Line& line : lines) {
    if (line.as_name < 0) no_name = &line;
    if (line.as_number < 0) no_number = &line;
    if (differs == nullptr && line.as_name != line.as_number) differs = &line;
  }
  if (no_name != nullptr && no_number != nullptr) {
    return Fail(path, *no_name, "'", no_name->word, "' is the number of a class, but '",
                no_number->word, "' in line ", no_number->number,
                " is a name; the file must have the one or the other throughout");
  }
  if (no_name == nullptr && no_number == nullptr && differs != nullptr) {
    return Fail(path, *differs, "'", differs->word, "' is a class folder's name and also the ",
                "number of class '", class_names[static_cast<size_t>(differs->as_number)],
                "', counted from 0; write '", differs->word,
                "/' for the name, or rename the class folders so that they are no numbers");
  }
  return no_name == nullptr;
}

}  // namespace

absl::StatusOr<std::vector<int>> ReadLabelFile(const std::string& path, const std::string& folder,
                                               const std::vector<std::string>& images,
                                               const std::vector<std::string>& class_names) {
  NAP_ASSIGN_OR_RETURN(const std::vector<Line> lines, ReadLines(path, folder, images, class_names));
  NAP_ASSIGN_OR_RETURN(const bool names, AreNames(path, lines, class_names));
  std::vector<int> labels(images.size(), -1);
  for (const Line& line : lines) {
    int& label = labels[line.image];
    if (label >= 0) {
      return Fail(path, line, "a second label for '", images[line.image].substr(folder.size() + 1),
                  "'");
    }
    label = names ? line.as_name : line.as_number;
  }
  for (size_t i = 0; i < images.size(); ++i) {
    if (labels[i] >= 0) continue;
    return absl::InvalidArgumentError(absl::StrCat(path, " has no line for the image ", images[i]));
  }
  return labels;
}

}  // namespace nap
