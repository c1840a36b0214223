#ifndef NAP_BASE_CRC32C_H_
#define NAP_BASE_CRC32C_H_

#include <absl/strings/string_view.h>

#include <cstdint>

namespace nap {

// The checksum of RFC 3720 (Castagnoli's polynomial), which zlib does not have.
uint32_t Crc32c(absl::string_view data);

}  // namespace nap

#endif  // NAP_BASE_CRC32C_H_
