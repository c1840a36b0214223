#include "nap/report/accuracy_table.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

constexpr char kHeader[] = "architecture,accuracy";

absl::Status CheckOperations(const Genotype& genotype, const SearchSpace& space) {
  const std::vector<std::string>& known = space.operations();
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& [operation, count] : CountOperations(cell)) {
      if (std::find(known.begin(), known.end(), operation) != known.end()) continue;
      return absl::InvalidArgumentError(absl::StrCat("the operation '", operation,
                                                     "' is not one of ", space.name(), ": ",
                                                     absl::StrJoin(known, ", ")));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AccuracyTable::Add(absl::string_view line) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  if (cells.size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("must have an architecture and an accuracy, not '", line, "'"));
  }
  NAP_ASSIGN_OR_RETURN(const Genotype genotype, ParseGenotype(cells[0]));
  if (search_space_ == nullptr) {
    NAP_ASSIGN_OR_RETURN(search_space_, MakeSearchSpace(genotype.search_space));
    if (!search_space_->text_is_name()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no table can know genotypes of ", search_space_->name(), ", which have no names"));
    }
  }
  if (genotype.search_space != search_space_->name()) {
    return absl::InvalidArgumentError(absl::StrCat("is of the search space ", genotype.search_space,
                                                   ", others are of ", search_space_->name()));
  }
  NAP_RETURN_IF_ERROR(CheckOperations(genotype, *search_space_));
  double accuracy = 0;
  if (!absl::SimpleAtod(cells[1], &accuracy) || !(accuracy >= 0 && accuracy <= 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the accuracy must be a number from 0 to 100, not '", cells[1], "'"));
  }
  const std::string architecture = search_space_->ToText(genotype);
  if (!accuracies_.emplace(architecture, accuracy).second) {
    return absl::InvalidArgumentError(absl::StrCat(architecture, " stands there twice"));
  }
  sorted_.push_back(accuracy);
  return absl::OkStatus();
}

absl::StatusOr<AccuracyTable> AccuracyTable::Read(const std::string& file) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
  AccuracyTable table(file);
  const auto error = [&](int line, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(file, ", line ", line, ": ", what));
  };
  int number = 0;
  for (absl::string_view line : absl::StrSplit(content, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (number == 1) {
      if (line != kHeader) return error(1, absl::StrCat("must be '", kHeader, "'"));
      continue;
    }
    if (line.empty()) continue;
    const absl::Status added = table.Add(line);
    if (!added.ok()) return error(number, added.message());
  }
  if (table.sorted_.empty()) return error(number, "the table holds no architecture");
  std::sort(table.sorted_.begin(), table.sorted_.end());
  return table;
}

absl::StatusOr<AccuracyTable::Entry> AccuracyTable::Find(const Genotype& genotype) const {
  if (genotype.search_space != search_space_->name()) {
    return absl::InvalidArgumentError(absl::StrCat(file_, " has cells of ", search_space_->name(),
                                                   ", not of ", genotype.search_space));
  }
  const std::string architecture = search_space_->ToText(genotype);
  const auto found = accuracies_.find(architecture);
  if (found == accuracies_.end()) {
    return absl::NotFoundError(absl::StrCat(architecture, " is not in ", file_));
  }
  const auto better =
      sorted_.end() - std::upper_bound(sorted_.begin(), sorted_.end(), found->second);
  return Entry{found->second / 100, static_cast<int>(better) + 1, static_cast<int>(sorted_.size())};
}

std::string AccuracyTable::Describe(const SearchSpace& search_space, const Genotype& genotype,
                                    const AccuracyTable* table) {
  const std::string architecture = search_space.ToText(genotype);
  if (table == nullptr) return architecture;
  const absl::StatusOr<Entry> entry = table->Find(genotype);
  if (!entry.ok()) return std::string(entry.status().message());
  return absl::StrFormat("%s: accuracy %.2f %%, rank %d of %d", architecture, 100 * entry->accuracy,
                         entry->rank, entry->of);
}

}  // namespace nap
