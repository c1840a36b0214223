#include "nap/search_space/search_space.h"

#include <absl/strings/str_cat.h>

#include "nap/base/status_macros.h"

namespace nap {

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

absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name,
                                           const std::string& search_space) {
  NAP_ASSIGN_OR_RETURN(const StemKind stem, FindStem(name));
  NAP_ASSIGN_OR_RETURN(const SearchSpaceDefinition* definition,
                       SearchSpaceRegistry::Global().Find(search_space));
  return definition->make()->usual_network(stem);
}

}  // namespace nap
