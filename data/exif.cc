#include "data/exif.h"

#include <absl/strings/strip.h>

#include <cstddef>
#include <cstdint>

namespace nap {

Orientation ExifOrientation(absl::string_view exif) {
  absl::ConsumePrefix(&exif, absl::string_view("Exif\0\0", 6));
  // A TIFF file of which only the first directory matters: entries of 12 bytes after their count.
  const bool little = exif.substr(0, 4) == absl::string_view("II*\0", 4);
  if (!little && exif.substr(0, 4) != absl::string_view("MM\0*", 4)) return {};
  // 0 beyond the end, which is no tag.
  const auto number = [&](size_t at, size_t length) {
    uint32_t value = 0;
    if (at > exif.size() || length > exif.size() - at) return value;
    for (size_t i = 0; i < length; ++i) {
      value = value << 8 | static_cast<uint8_t>(exif[at + (little ? length - 1 - i : i)]);
    }
    return value;
  };
  constexpr uint32_t kOrientation = 274, kShort = 3;
  const size_t directory = number(4, 4);
  const size_t entries = number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (number(entry, 2) == kOrientation && number(entry + 2, 2) == kShort) {
      return OrientationOf(static_cast<int>(number(entry + 8, 2)));
    }
  }
  return {};
}

}  // namespace nap
