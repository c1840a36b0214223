#include "data/split.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>

#include "nap/base/random.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x73706c6974;

int64_t SizeOfFirst(int64_t size, double fraction) {
  return std::llround(fraction * static_cast<double>(size));
}

}  // namespace

Split SplitIndices(int64_t size, double fraction, uint64_t seed) {
  const std::vector<int64_t> order = RandomStream({seed, kStream}).Permutation(size);
  const auto middle = order.begin() + SizeOfFirst(size, fraction);
  return {{order.begin(), middle}, {middle, order.end()}};
}

absl::Status CheckSearchParts(int64_t images, double train_fraction, int64_t batch_size) {
  const int64_t first = SizeOfFirst(images, train_fraction);
  const int64_t smaller = std::min(first, images - first);
  if (smaller >= batch_size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--batch_size=", batch_size, " is more than the ", smaller,
                   " images of the smaller of the two parts that --train_fraction=", train_fraction,
                   " makes of ", images, " images"));
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
