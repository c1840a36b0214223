// CRC-32, by which images are told from others.
#ifndef DATA_CHECKSUM_H_
#define DATA_CHECKSUM_H_

#include <absl/strings/string_view.h>
#include <zlib.h>

#include <cstdint>

namespace nap {

// Of bytes behind those whose checksum is `before`; 0: there are none.
inline uint32_t ChecksumOf(absl::string_view bytes, uint32_t before = 0) {
  return static_cast<uint32_t>(
      ::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace nap

#endif  // DATA_CHECKSUM_H_
