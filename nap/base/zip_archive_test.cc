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

TEST(ZipArchiveTest, EveryPartMustHaveItsChecksum) {
  const std::string path = ::testing::TempDir() + "/archive.zip";
  const std::string bytes = Archive(path);
  EXPECT_TRUE(CheckZipArchive(path).ok()) << CheckZipArchive(path);
  const auto expect_damage = [&](const std::string& damaged) {
    ASSERT_TRUE(WriteFileAtomically(path, damaged).ok());
    EXPECT_TRUE(absl::IsDataLoss(CheckZipArchive(path)));
  };
  for (const size_t place : {size_t{1000}, bytes.size() / 2 + 1000}) {
    std::string damaged = bytes;
    damaged[place] = 'y';
    expect_damage(damaged);
    EXPECT_EQ(CheckZipArchive(path).message(), place == 1000
                                                   ? "the checksum of its part a is wrong"
                                                   : "the checksum of its part b is wrong");
  }
  expect_damage(bytes.substr(0, bytes.size() / 2));
  expect_damage("");
  expect_damage("no archive");
}

}  // namespace
}  // namespace nap
