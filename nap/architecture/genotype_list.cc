#include "nap/architecture/genotype_list.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>
#include <absl/strings/strip.h>

#include <cmath>
#include <utility>

#include "nap/architecture/genotype_lookup.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// "architecture", and what follows its comma.
struct Columns {
  std::string architecture;
  absl::string_view rest;
};

// Behind the parenthesis that closes the first one, or before the first comma.
size_t EndOf(absl::string_view line) {
  if (absl::StartsWith(line, "|") || !absl::StrContains(line, "(")) return line.find(',');
  int depth = 0;
  for (size_t i = line.find('('); i < line.size(); ++i) {
    depth += (line[i] == '(') - (line[i] == ')');
    if (depth == 0) return i + 1;
  }
  return line.size();
}

bool IsHeading(absl::string_view line) {
  return !absl::StrContains(line, "Genotype(") && line.find_first_of("|{") != 0 &&
         (absl::StrContains(line, ",") || absl::StrContains(line, "architecture") ||
          absl::StrContains(line, "genotype"));
}

// An architecture without quotes ends where its own brackets or bars do, as it has commas itself.
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
        file, " has no architecture: a line is DARTS's Genotype(...) or a NAS-Bench-201 string"));
  }
  return list;
}

}  // namespace nap
