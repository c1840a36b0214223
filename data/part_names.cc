#include "data/part_names.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <vector>

namespace nap {
namespace {

const std::vector<std::string>& NamesOf(Part part) {
  static const auto* const names = new std::vector<std::string>[3] {
    {"train", "training"}, {"val", "valid", "validation"}, { "test", "testing" }
  };
  return names[static_cast<int>(part)];
}

}  // namespace

std::optional<Part> PartCalled(absl::string_view name) {
  const std::string small = absl::AsciiStrToLower(name);
  for (const Part part : kAllParts) {
    const std::vector<std::string>& names = NamesOf(part);
    if (std::find(names.begin(), names.end(), small) != names.end()) return part;
  }
  return std::nullopt;
}

std::string PartNames(Part part) { return absl::StrJoin(NamesOf(part), ", "); }

std::string AllPartNames() {
  return absl::StrCat(PartNames(Part::kTrain), ", ", PartNames(Part::kValidation), ", ",
                      PartNames(Part::kTest));
}

}  // namespace nap
