#include "data/exif.h"

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

Orientation RawProfileOrientation(absl::string_view text) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  if (lines.size() < 3) return {};
  lines.erase(lines.begin(), lines.begin() + 2);
  const std::string digits = absl::StrJoin(lines, "");
  std::string exif(digits.size() / 2, '\0');
  for (size_t i = 0; i < exif.size(); ++i) {
    const char* const byte = digits.data() + 2 * i;
    uint8_t value = 0;
    if (std::from_chars(byte, byte + 2, value, /*base=*/16).ptr != byte + 2) return {};
    exif[i] = static_cast<char>(value);
  }
  return ExifOrientation(exif);
}

}  // namespace nap
