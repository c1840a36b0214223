#include "data/picture_size.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

namespace nap {
namespace {

constexpr int kMostPixels = 4096;  // of a side

bool ReadSide(absl::string_view text, int* side) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, side) && *side <= kMostPixels;
}

}  // namespace

absl::StatusOr<PictureSize> ParseImageSize(absl::string_view text) {
  const std::vector<absl::string_view> sides = absl::StrSplit(text, 'x');
  PictureSize size{};
  if (sides.size() <= 2 && ReadSide(sides.front(), &size.height) &&
      ReadSide(sides.back(), &size.width) &&
      (sides.size() == 1 || (size.height > 0 && size.width > 0))) {
    return size;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--image_size=", text, ": give the side of a square, 1 to ", kMostPixels,
                   " pixels, or a height and a width such as 64x128"));
}

std::string ImageSizeText(PictureSize size) {
  return size.IsSquare() ? absl::StrCat(size.height) : absl::StrCat(size.height, "x", size.width);
}

}  // namespace nap
