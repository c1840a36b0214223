#include "nap/base/zip_archive.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include "nap/base/files.h"

namespace nap {
namespace {

std::string Archive(const std::string& path) {
  ::unlink(path.c_str());
  int error = 0;
  zip_t* const archive = ::zip_open(path.c_str(), ZIP_CREATE, &error);
  static const std::string content(100'000, 'x');
  for (const char* name : {"a", "b"}) {
    const zip_int64_t index = ::zip_file_add(
        archive, name, ::zip_source_buffer(archive, content.data(), content.size(), 0), 0);
    ::zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  EXPECT_EQ(::zip_close(archive), 0);
  return *ReadFile(path);
}

TEST(ZipArchiveTest, EveryPartMustBeWhole) {
  const std::string bytes = Archive(::testing::TempDir() + "/archive.zip");
  EXPECT_TRUE(CheckZipArchive(bytes).ok()) << CheckZipArchive(bytes);
  for (const size_t place : {size_t{1000}, bytes.size() / 2 + 1000}) {
    std::string damaged = bytes;
    damaged[place] = 'y';
    EXPECT_EQ(CheckZipArchive(damaged).message(),
              place == 1000 ? "its part a is damaged" : "its part b is damaged");
  }
  for (const std::string& damaged :
       {bytes.substr(0, bytes.size() / 2), std::string(), std::string("none")}) {
    EXPECT_TRUE(absl::IsDataLoss(CheckZipArchive(damaged)));
  }
}

}  // namespace
}  // namespace nap
