#include "nap/search_space/search_space.h"

#include <absl/strings/str_cat.h>

namespace nap {

absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name) {
  if (name == "cifar") return kCifarNetwork;
  if (name == "imagenet") return kImageNetNetwork;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown network '", name, "'; known: cifar, imagenet"));
}

}  // namespace nap
