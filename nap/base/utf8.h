// Bytes as text: paths and class names are any bytes, JSON, TorchScript and HTML are UTF-8.
#ifndef NAP_BASE_UTF8_H_
#define NAP_BASE_UTF8_H_

#include <absl/strings/string_view.h>

#include <string>

namespace nap {

// UTF-8 as it is; a byte that is none becomes a character of Unicode's private use area, U+EF00
// plus the byte (as in MirBSD's OPTU encodings). So do the bytes of such a character, so that
// FromUtf8 always gives the same bytes back.
std::string ToUtf8(absl::string_view bytes);

// What ToUtf8 was given. Text without such characters is as it is.
std::string FromUtf8(absl::string_view text);

}  // namespace nap

#endif  // NAP_BASE_UTF8_H_
