#ifndef NAP_BASE_ZIP_ARCHIVE_H_
#define NAP_BASE_ZIP_ARCHIVE_H_

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

namespace nap {

// OK if the bytes are a ZIP archive, as LibTorch's files are, and all that it holds has the size
// and the checksum (CRC-32) that it says, which LibTorch believes; else DataLoss with what is
// wrong.
absl::Status CheckZipArchive(absl::string_view bytes);

}  // namespace nap

#endif  // NAP_BASE_ZIP_ARCHIVE_H_
