#include "nap/base/zip_archive.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include "nap/base/files.h"

namespace nap {
namespace {

std::string Archive(const std::string& path, int compression = ZIP_CM_STORE) {
  ::unlink(path.c_str());
  int error = 0;
  zip_t* const archive = ::zip_open(path.c_str(), ZIP_CREATE, &error);
  static const std::string content(100'000, 'x');
  for (const char* name : {"a", "b"}) {
    const zip_int64_t index = ::zip_file_add(
        archive, name, ::zip_source_buffer(archive, content.data(), content.size(), 0), 0);
    ::zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), compression, 0);
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

TEST(ZipArchiveTest, GivesTheParts) {
  const auto parts = ReadZipArchive(Archive(::testing::TempDir() + "/parts.zip"));
  ASSERT_TRUE(parts.ok()) << parts.status();
  const std::string content(100'000, 'x');
  EXPECT_EQ(*parts, (std::map<std::string, std::string>{{"a", content}, {"b", content}}));
}

TEST(ZipArchiveTest, MakesWhatItReads) {
  const std::map<std::string, std::string> parts = {
      {"a", ""}, {"folder/b", std::string("\0x", 2)}, {"c", std::string(100'000, 'x')}};
  const std::string bytes = MakeZipArchive(parts);
  EXPECT_EQ(*ReadZipArchive(bytes), parts);
  EXPECT_EQ(MakeZipArchive(parts), bytes);
  EXPECT_GT(bytes.size(), 100'000u);
}

// What is compressed could be a thousand times as large.
TEST(ZipArchiveTest, PartsAreNotLargerThanTheArchive) {
  const std::string path = ::testing::TempDir() + "/compressed.zip";
  const std::string compressed = Archive(path, ZIP_CM_DEFLATE);
  EXPECT_TRUE(CheckZipArchive(compressed).ok());
  EXPECT_EQ(ReadZipArchive(compressed).status().message(), "its parts are larger than it is");
}

}  // namespace
}  // namespace nap
