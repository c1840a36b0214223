#include "nap/base/zip_archive.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <zip.h>

#include <functional>
#include <memory>
#include <vector>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Calls visit(name, block) for all that the archive holds, block by block in order, with one that
// is empty at the end of each part.
absl::Status ForEachBlock(
    absl::string_view bytes,
    const std::function<absl::Status(absl::string_view name, absl::string_view block)>& visit) {
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
    const char* const known = ::zip_get_name(archive.get(), index, ZIP_FL_ENC_RAW);
    const std::string name = known == nullptr ? "?" : known;
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        ::zip_fopen_index(archive.get(), index, 0), ::zip_fclose);
    zip_uint64_t size = 0;
    zip_int64_t read = file == nullptr ? -1 : 1;
    while (read > 0) {
      read = ::zip_fread(file.get(), block.data(), block.size());
      if (read < 0) break;
      size += static_cast<zip_uint64_t>(read);
      NAP_RETURN_IF_ERROR(visit(name, {block.data(), static_cast<size_t>(read)}));
    }
    zip_stat_t said;
    ::zip_stat_init(&said);
    if (read != 0 || ::zip_stat_index(archive.get(), index, 0, &said) != 0 || said.size != size) {
      return absl::DataLossError(absl::StrCat("its part ", name, " is damaged"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckZipArchive(absl::string_view bytes) {
  return ForEachBlock(bytes, [](absl::string_view, absl::string_view) { return absl::OkStatus(); });
}

absl::StatusOr<std::map<std::string, std::string>> ReadZipArchive(
    absl::string_view bytes, std::optional<int64_t> most_bytes) {
  std::map<std::string, std::string> parts;
  std::string part;
  const auto most = static_cast<size_t>(most_bytes.value_or(static_cast<int64_t>(bytes.size())));
  size_t size = 0;
  NAP_RETURN_IF_ERROR(
      ForEachBlock(bytes, [&](absl::string_view name, absl::string_view block) -> absl::Status {
        size += block.size();
        if (size > most) {
          return absl::DataLossError(
              most_bytes.has_value() ? absl::StrCat("its parts are larger than ", most, " bytes")
                                     : "its parts are larger than it is");
        }
        part.append(block.data(), block.size());
        if (!block.empty()) return absl::OkStatus();
        const bool is_new = parts.emplace(name, std::move(part)).second;
        part.clear();
        if (is_new) return absl::OkStatus();
        return absl::DataLossError(absl::StrCat("its part ", name, " is there twice"));
      }));
  return parts;
}

std::string MakeZipArchive(const std::map<std::string, std::string>& parts) {
  zip_source_t* const source = ::zip_source_buffer_create(nullptr, 0, /*freep=*/0, nullptr);
  ::zip_source_keep(source);  // for what is read from it in the end
  zip_t* const archive = ::zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  CHECK(archive != nullptr);
  for (const auto& [name, content] : parts) {
    zip_source_t* const part = ::zip_source_buffer(archive, content.data(), content.size(), 0);
    const zip_int64_t index =
        ::zip_file_add(archive, name.c_str(), part, ZIP_FL_ENC_RAW | ZIP_FL_OVERWRITE);
    CHECK_GE(index, 0) << name;
    CHECK_EQ(::zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0),
             0);
    CHECK_EQ(::zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), 0, 0), 0);
  }
  CHECK_EQ(::zip_close(archive), 0);
  zip_stat_t size;
  ::zip_stat_init(&size);
  CHECK_EQ(::zip_source_stat(source, &size), 0);
  std::string bytes(size.size, '\0');
  CHECK_EQ(::zip_source_open(source), 0);
  CHECK_EQ(::zip_source_read(source, bytes.data(), bytes.size()),
           static_cast<zip_int64_t>(bytes.size()));
  ::zip_source_close(source);
  ::zip_source_free(source);
  return bytes;
}

}  // namespace nap
