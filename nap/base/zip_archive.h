// ZIP archives in memory, as LibTorch's files are, which it believes whatever they say.
#ifndef NAP_BASE_ZIP_ARCHIVE_H_
#define NAP_BASE_ZIP_ARCHIVE_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace nap {

// OK if the bytes are an archive and all that it holds has the size and the checksum (CRC-32) that
// it says; else DataLoss with what is wrong.
absl::Status CheckZipArchive(absl::string_view bytes);

// All parts by name, of an archive that is so, has no name twice, and whose parts are at most that
// many bytes together; by default no more than the archive: nothing is compressed. Else DataLoss.
absl::StatusOr<std::map<std::string, std::string>> ReadZipArchive(
    absl::string_view bytes, std::optional<int64_t> most_bytes = {});

// An archive of these parts by name, not compressed. A name may have folders.
std::string MakeZipArchive(const std::map<std::string, std::string>& parts);

}  // namespace nap

#endif  // NAP_BASE_ZIP_ARCHIVE_H_
