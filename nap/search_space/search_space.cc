#include "nap/search_space/search_space.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <set>

#include "nap/architecture/genotype_json.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Each value written in one way, so that equal spaces have equal names.
std::string NameOf(const std::string& name, const std::vector<Parameter>& parameters,
                   const ParameterValues& values) {
  std::string full = name;
  const char* separator = ":";
  for (const Parameter& parameter : parameters) {
    const std::string value =
        parameter.kind == Parameter::Kind::kInteger  ? absl::StrCat(values.Integer(parameter.name))
        : parameter.kind == Parameter::Kind::kNumber ? absl::StrCat(values.Number(parameter.name))
                                                     : values.Text(parameter.name);
    if (value == parameter.value) continue;
    absl::StrAppend(&full, separator, parameter.name, "=", value);
    separator = ",";
  }
  return full;
}

absl::Status ValidateCells(const SearchSpace& space) {
  if (space.cell_types().empty()) return absl::InvalidArgumentError("it has no cell types");
  std::set<std::string> names;
  for (const CellTopology& cell : space.cell_types()) {
    const absl::Status status = ValidateTopology(cell);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the cell type '", cell.name, "': ", status.message()));
    }
    if (!names.insert(cell.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two cell types are called '", cell.name, "'"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string SearchSpace::ToText(const Genotype& genotype) const {
  return std::string(absl::StripTrailingAsciiWhitespace(GenotypeToJson(genotype)));
}

absl::StatusOr<Genotype> SearchSpace::FromText(absl::string_view text) const {
  return GenotypeFromJson(text);
}

absl::StatusOr<StemKind> FindStem(const std::string& name) {
  if (name == "cifar") return StemKind::kCifar;
  if (name == "imagenet") return StemKind::kImageNet;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown network '", name, "'; known: cifar, imagenet"));
}

absl::Status ValidateNetwork(const std::string& search_space, const NetworkOptions& options) {
  if (options.channels >= 1 && options.image_channels >= 1 && options.classes >= 2) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the ", search_space, " space needs at least 1 channel, 1 image channel and 2 classes; got ",
      options.channels, ", ", options.image_channels, " and ", options.classes));
}

absl::StatusOr<std::unique_ptr<SearchSpace>> MakeSearchSpace(const std::string& search_space) {
  const auto [name, text] = SplitName(search_space);
  NAP_ASSIGN_OR_RETURN(const auto* definition, SearchSpaceRegistry::Global().Find(name));
  const auto error = [&](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat("search space ", search_space, ": ", status.message()));
  };
  const absl::StatusOr<ParameterValues> values = ReadParameters(definition->parameters, text);
  if (!values.ok()) return error(values.status());
  absl::StatusOr<std::unique_ptr<SearchSpace>> space = definition->make(*values);
  if (!space.ok()) return error(space.status());
  const absl::Status valid = ValidateCells(**space);
  if (!valid.ok()) return error(valid);
  (*space)->name_ = NameOf(name, definition->parameters, *values);
  return space;
}

absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name,
                                           const std::string& search_space) {
  NAP_ASSIGN_OR_RETURN(const StemKind stem, FindStem(name));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space, MakeSearchSpace(search_space));
  return space->usual_network(stem);
}

}  // namespace nap
