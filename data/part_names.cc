#include "data/part_names.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <vector>

namespace nap {
namespace {

const std::vector<std::string>& NamesOf(Part part) {
  static const auto* const names = new std::vector<std::string>[3] {
    {"train", "training", "trn"}, {"val", "valid", "validation"}, { "test", "testing", "tst" }
  };
  return names[static_cast<int>(part)];
}

// "train" of "train_set", "trainset", "train-images" and "train2017".
absl::string_view WithoutEnding(absl::string_view name) {
  while (!name.empty() && absl::ascii_isdigit(name.back())) name.remove_suffix(1);
  for (const char* ending : {"dataset", "data", "set", "images", "imgs", "samples", "folder"}) {
    if (absl::ConsumeSuffix(&name, ending)) break;
  }
  while (!name.empty() && absl::string_view("_- .").find(name.back()) != absl::string_view::npos)
    name.remove_suffix(1);
  return name;
}

}  // namespace

std::optional<Part> PartCalled(absl::string_view name) {
  const std::string whole = absl::AsciiStrToLower(name);
  const absl::string_view small = WithoutEnding(whole);
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
