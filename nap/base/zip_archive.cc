#include "nap/base/zip_archive.h"

#include <absl/strings/str_cat.h>
#include <zip.h>

#include <memory>
#include <vector>

namespace nap {

absl::Status CheckZipArchive(absl::string_view bytes) {
  zip_source_t* const source =
      ::zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, nullptr);
  const std::unique_ptr<zip_t, void (*)(zip_t*)> archive(
      ::zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, nullptr), ::zip_discard);
  if (archive == nullptr) ::zip_source_free(source);
  // No bytes at all are an archive that is to be made.
  const zip_int64_t count =
      archive == nullptr ? 0 : ::zip_get_num_entries(archive.get(), /*flags=*/0);
  if (count == 0) return absl::DataLossError("it is no whole ZIP archive");
  std::vector<char> block(1 << 16);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        ::zip_fopen_index(archive.get(), index, 0), ::zip_fclose);
    zip_uint64_t size = 0;
    zip_int64_t read = file == nullptr ? -1 : 1;
    while (read > 0) {
      read = ::zip_fread(file.get(), block.data(), block.size());
      if (read > 0) size += static_cast<zip_uint64_t>(read);
    }
    zip_stat_t said;
    ::zip_stat_init(&said);
    if (read == 0 && ::zip_stat_index(archive.get(), index, 0, &said) == 0 && said.size == size) {
      continue;
    }
    const char* const name = ::zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW);
    return absl::DataLossError(
        absl::StrCat("its part ", name == nullptr ? "?" : name, " is damaged"));
  }
  return absl::OkStatus();
}

}  // namespace nap
