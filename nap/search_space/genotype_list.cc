#include "nap/search_space/genotype_list.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>
#include <absl/strings/strip.h>

#include <cmath>
#include <utility>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

// "architecture", and what follows its comma.
struct Columns {
  std::string architecture;
  absl::string_view rest;
};

// Of an architecture without quotes: its first comma that stands in no brackets.
size_t EndOf(absl::string_view line) {
  int depth = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    depth += absl::string_view("([{").find(line[i]) != absl::string_view::npos;
    depth -= absl::string_view(")]}").find(line[i]) != absl::string_view::npos;
    if (depth == 0 && line[i] == ',') return i;
  }
  return line.size();
}

absl::StatusOr<Columns> SplitLine(absl::string_view line) {
  Columns columns;
  if (absl::ConsumePrefix(&line, "\"")) {
    size_t end = line.find('"');
    while (end != absl::string_view::npos && end + 1 < line.size() && line[end + 1] == '"') {
      absl::StrAppend(&columns.architecture, line.substr(0, end + 1));
      line.remove_prefix(end + 2);
      end = line.find('"');
    }
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("a quote has no end");
    absl::StrAppend(&columns.architecture, line.substr(0, end));
    line.remove_prefix(end + 1);
  } else {
    columns.architecture = std::string(line.substr(0, EndOf(line)));
    line.remove_prefix(columns.architecture.size());
  }
  columns.rest = absl::StripLeadingAsciiWhitespace(line);
  if (columns.rest.empty() || absl::ConsumePrefix(&columns.rest, ",")) return columns;
  return absl::InvalidArgumentError("something stands behind the architecture");
}

// Of a table: what is no architecture, but what its columns are called.
bool IsHeading(absl::string_view line) {
  const absl::StatusOr<Columns> columns = SplitLine(line);
  return columns.ok() && !LooksLikeGenotype(columns->architecture) &&
         (absl::StrContains(line, ",") || absl::StrContains(line, "architecture") ||
          absl::StrContains(line, "genotype"));
}

absl::StatusOr<ListedGenotype> ReadLine(absl::string_view line) {
  NAP_ASSIGN_OR_RETURN(const Columns columns, SplitLine(line));
  ListedGenotype listed{0, columns.architecture, {}, {}};
  NAP_ASSIGN_OR_RETURN(listed.genotype, ParseGenotype(columns.architecture));
  const std::vector<absl::string_view> more = absl::StrSplit(columns.rest, ',');
  const absl::string_view accuracy = absl::StripAsciiWhitespace(more.front());
  if (accuracy.empty()) return listed;
  double value = 0;
  if (!absl::SimpleAtod(accuracy, &value) || !std::isfinite(value)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the accuracy '", accuracy, "' is not a number"));
  }
  listed.accuracy = value;
  return listed;
}

}  // namespace

absl::StatusOr<std::vector<ListedGenotype>> ReadGenotypeList(const std::string& file) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
  std::vector<ListedGenotype> list;
  int number = 0;
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(file, ", line ", number, ": ", what));
  };
  bool first = true;
  for (absl::string_view whole : absl::StrSplit(content, '\n')) {
    ++number;
    const absl::string_view line = absl::StripAsciiWhitespace(whole);
    if (line.empty() || line[0] == '#') continue;
    if (std::exchange(first, false) && IsHeading(line)) continue;
    absl::StatusOr<ListedGenotype> listed = ReadLine(line);
    if (!listed.ok()) return error(listed.status().message());
    listed->line = number;
    if (!list.empty()) {
      const ListedGenotype& before = list.front();
      if (listed->accuracy.has_value() != before.accuracy.has_value()) {
        return error(absl::StrCat(listed->accuracy ? "has an accuracy" : "has no accuracy",
                                  ", unlike line ", before.line));
      }
      if (listed->genotype.search_space != before.genotype.search_space) {
        return error(absl::StrCat("is of the search space ", listed->genotype.search_space,
                                  ", unlike line ", before.line));
      }
    }
    list.push_back(*std::move(listed));
  }
  if (list.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, " has no architecture: a line is a genotype in the format of its search space"));
  }
  return list;
}

}  // namespace nap
