#include "data/split.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>

#include "data/named_images.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x73706c6974;

absl::Status CheckSizes(const SearchSplit& split, const SearchSplitOptions& options) {
  const size_t smaller = std::min(split.train.size(), split.valid.size());
  if (static_cast<int64_t>(smaller) >= options.batch_size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--batch_size=", options.batch_size, " is more than the ", smaller,
      " images of the smaller of the two parts that ",
      options.valid_file.empty() ? absl::StrCat("--train_fraction=", options.train_fraction)
                                 : absl::StrCat("--valid_file=", options.valid_file),
      " makes of ", split.train.size() + split.valid.size(), " images"));
}

}  // namespace

absl::StatusOr<SearchSplit> SplitForSearch(const Dataset& images,
                                           const SearchSplitOptions& options) {
  const std::vector<int64_t> order =
      RandomStream({options.seed, kStream}).Permutation(images.size());
  SearchSplit split;
  if (options.valid_file.empty()) {
    const auto middle =
        order.begin() + std::llround(options.train_fraction * static_cast<double>(images.size()));
    split = {{order.begin(), middle}, {middle, order.end()}};
  } else {
    NAP_ASSIGN_OR_RETURN(const std::vector<bool> valid,
                         ReadNamedImages("valid_file", options.valid_file, images.size(),
                                         [&images](int64_t i) { return images.ImageName(i); }));
    for (const int64_t image : order) {
      (valid[static_cast<size_t>(image)] ? split.valid : split.train).push_back(image);
    }
  }
  NAP_RETURN_IF_ERROR(CheckSizes(split, options));
  return split;
}

absl::Status CheckTrainingParts(int64_t train_images, int64_t test_images, int64_t batch_size) {
  if (train_images < batch_size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--batch_size=", batch_size, " is more than the ", train_images, " training images"));
  }
  if (test_images < 1) return absl::InvalidArgumentError("there is no image to test on");
  return absl::OkStatus();
}

}  // namespace nap
