#ifndef NAP_BASE_ZIP_ARCHIVE_H_
#define NAP_BASE_ZIP_ARCHIVE_H_

#include <absl/status/status.h>

#include <string>

namespace nap {

// OK if the file is a ZIP archive, as TorchScript's files are, and all that it holds has the
// checksum that it says (CRC-32), which LibTorch does not look at; else DataLoss with what is
// wrong.
absl::Status CheckZipArchive(const std::string& path);

}  // namespace nap

#endif  // NAP_BASE_ZIP_ARCHIVE_H_
