#include "nap/training/images_state.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "nap/base/status_macros.h"

namespace nap {

ImagesState::ImagesState(std::string name, const Dataset& images)
    : name_(std::move(name)), size_(images.size()), checksum_(images.Checksum()) {}

void ImagesState::Save(Checkpoint* checkpoint) const {
  checkpoint->integers[absl::StrCat(name_, ".size")] = size_;
  checkpoint->integers[absl::StrCat(name_, ".checksum")] = checksum_;
}

absl::Status ImagesState::Check(const Checkpoint& checkpoint) const {
  const auto found = checkpoint.integers.find(absl::StrCat(name_, ".checksum"));
  if (found == checkpoint.integers.end()) return absl::OkStatus();
  int64_t size = 0;
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, absl::StrCat(name_, ".size"), &size));
  if (size == size_ && found->second == checksum_) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the ", name_, " are not those of the checkpoint: ",
      size != size_ ? absl::StrCat(size, " there, ", size_, " here")
                    : absl::StrCat(size, ", but with other pixels, labels, classes or names")));
}

}  // namespace nap
