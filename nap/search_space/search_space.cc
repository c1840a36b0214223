#include "nap/search_space/search_space.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <set>

#include "nap/architecture/genotype_json.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

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

std::vector<std::string> NetworkNames() { return {"cifar", "imagenet"}; }

absl::StatusOr<StemKind> FindStem(const std::string& name) {
  if (name == "cifar") return StemKind::kCifar;
  if (name == "imagenet") return StemKind::kImageNet;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown network '", name, "'; known: ", absl::StrJoin(NetworkNames(), ", ")));
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
  const SearchSpaceRegistry& registry = SearchSpaceRegistry::Global();
  NAP_ASSIGN_OR_RETURN(std::unique_ptr<SearchSpace> space, registry.Make(search_space));
  NAP_ASSIGN_OR_RETURN(space->name_, registry.ShortText(search_space));
  const absl::Status valid = ValidateCells(*space);
  if (valid.ok()) return space;
  return absl::Status(valid.code(),
                      absl::StrCat("search space '", search_space, "': ", valid.message()));
}

absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name, const std::string& search_space,
                                           int channels, int cells) {
  NAP_ASSIGN_OR_RETURN(const StemKind stem, FindStem(name));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space, MakeSearchSpace(search_space));
  NetworkOptions network = space->usual_network(stem);
  if (channels > 0) network.channels = channels;
  if (cells > 0) network.cells = cells;
  return network;
}

}  // namespace nap
