#include "nap/base/utf8.h"

#include <cstdint>

namespace nap {
namespace {

uint8_t ByteAt(absl::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

bool IsBetween(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

// U+EF80 to U+EFFF: EE, then BE or BF, then 80 to BF. The last two have six bits each of the code.
bool IsEscape(absl::string_view text) {
  return text.size() >= 3 && ByteAt(text, 0) == 0xEE && IsBetween(ByteAt(text, 1), 0xBE, 0xBF) &&
         IsBetween(ByteAt(text, 2), 0x80, 0xBF);
}

// How many bytes at the text's beginning are a character of UTF-8 (RFC 3629: not overlong, no
// surrogates, nothing above U+10FFFF); 0 if none are.
size_t CharacterLength(absl::string_view text) {
  if (text.empty()) return 0;
  const uint8_t first = ByteAt(text, 0);
  if (first < 0x80) return 1;
  const size_t length = IsBetween(first, 0xC2, 0xDF)   ? 2
                        : IsBetween(first, 0xE0, 0xEF) ? 3
                        : IsBetween(first, 0xF0, 0xF4) ? 4
                                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  // RFC 3629, section 4: these first bytes leave the second less room.
  const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (!IsBetween(ByteAt(text, 1), low, high)) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsBetween(ByteAt(text, i), 0x80, 0xBF)) return 0;
  }
  return length;
}

}  // namespace

std::string ToUtf8(absl::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t length = IsEscape(bytes) ? 0 : CharacterLength(bytes);
    if (length > 0) {
      text.append(bytes.data(), length);
    } else {
      const uint8_t byte = ByteAt(bytes, 0);
      text +=
          {'\xEE', static_cast<char>(0xBC | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
    }
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

std::string FromUtf8(absl::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const bool is_escape = IsEscape(text);
    bytes += is_escape ? static_cast<char>((ByteAt(text, 1) & 0x3) << 6 | (ByteAt(text, 2) & 0x3F))
                       : text[0];
    text.remove_prefix(is_escape ? 3 : 1);
  }
  return bytes;
}

}  // namespace nap
