#include "nap/base/zip_archive.h"

#include <absl/strings/str_cat.h>
#include <zip.h>

#include <memory>
#include <vector>

namespace nap {

absl::Status CheckZipArchive(const std::string& path) {
  int error = 0;
  const std::unique_ptr<zip_t, void (*)(zip_t*)> archive(
      ::zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error), ::zip_discard);
  if (archive == nullptr) return absl::DataLossError("it is no whole ZIP archive");
  std::vector<char> block(1 << 16);
  const zip_int64_t count = ::zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        ::zip_fopen_index(archive.get(), index, 0), ::zip_fclose);
    zip_int64_t size = file == nullptr ? -1 : 1;
    while (size > 0) size = ::zip_fread(file.get(), block.data(), block.size());
    if (size == 0) continue;
    const char* const name = ::zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW);
    return absl::DataLossError(
        absl::StrCat("the checksum of its part ", name == nullptr ? "?" : name, " is wrong"));
  }
  return absl::OkStatus();
}

}  // namespace nap
