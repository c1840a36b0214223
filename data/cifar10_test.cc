#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/dataset.h"

namespace nap {
namespace {

constexpr size_t kRecordSize = 3073;

class Cifar10Test : public testing::Test {
 protected:
  Cifar10Test() {
    folder_ = testing::TempDir() + "/cifar10_test_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    // Record r of file f: label (f + r) mod 10, the bytes count up from f + r.
    for (int f = 0; f < 6; ++f) {
      std::string content(10000 * kRecordSize, '\0');
      for (int r = 0; r < 10000; ++r) {
        char* record = content.data() + r * kRecordSize;
        record[0] = static_cast<char>((f + r) % 10);
        for (size_t i = 1; i < kRecordSize; ++i) record[i] = static_cast<char>(f + r + i);
      }
      std::ofstream(Path(f), std::ios::binary) << content;
    }
  }
  ~Cifar10Test() override { std::filesystem::remove_all(folder_); }

  std::string Path(int file) const {
    return folder_ +
           (file == 5 ? "/test_batch.bin" : "/data_batch_" + std::to_string(file + 1) + ".bin");
  }

  absl::StatusOr<DatasetPair> Open(const std::string& folder, int64_t train_size = 0) {
    return (*DatasetRegistry::Global().Find("cifar10"))->open({folder, 0, train_size});
  }

  void ExpectError(const std::string& text) {
    const absl::Status status = Open(folder_).status();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("bazel run //tools:download_cifar10"), absl::string_view::npos)
        << status;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
  }

  std::string folder_;
};

TEST_F(Cifar10Test, ReadsEveryRecord) {
  const auto pair = Open(folder_);
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->train->size(), 50000);
  EXPECT_EQ(pair->test->size(), 10000);
  EXPECT_EQ(pair->train->num_classes(), 10);
  std::vector<uint8_t> pixels(3072);
  for (const int64_t index : {0, 1, 9999, 10000, 23456, 49999}) {
    const int64_t key = index / 10000 + index % 10000;
    EXPECT_EQ(pair->train->Label(index), key % 10);
    pair->train->Read(index, pixels.data());
    for (const size_t place : {0, 1, 1024, 3071}) {
      EXPECT_EQ(pixels[place], static_cast<uint8_t>(key + place + 1)) << index << " " << place;
    }
  }
  EXPECT_EQ(pair->test->Label(3), 8);
}

TEST_F(Cifar10Test, FindsTheFolderThatTheArchiveMakes) {
  const std::string inside = folder_ + "/cifar-10-batches-bin";
  std::filesystem::create_directories(inside);
  for (int f = 0; f < 6; ++f) {
    std::filesystem::rename(Path(f), inside + Path(f).substr(folder_.size()));
  }
  EXPECT_TRUE(Open(folder_).ok());
  EXPECT_EQ(Open(inside, 123)->train->size(), 123);
}

TEST_F(Cifar10Test, NamesWhatIsWrong) {
  std::filesystem::resize_file(Path(2), 10000 * kRecordSize - 1);
  ExpectError(
      "data_batch_3.bin has 30729999 bytes where a CIFAR-10 batch has 30730000 (truncated?)");
  std::filesystem::resize_file(Path(2), 10000 * kRecordSize + 1);
  ExpectError("data_batch_3.bin has 30730001 bytes where a CIFAR-10 batch has 30730000;");
  std::filesystem::resize_file(Path(2), 0);
  ExpectError("data_batch_3.bin has 0 bytes");
  std::filesystem::remove(Path(2));
  ExpectError("data_batch_3.bin: No such file or directory");
  std::filesystem::remove(Path(0));
  ExpectError("holds no data_batch_1.bin");
  std::filesystem::remove_all(folder_);
  ExpectError(folder_ + " is not a folder");
}

TEST_F(Cifar10Test, NamesALabelAboveNine) {
  std::FILE* file = std::fopen(Path(5).c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::fseek(file, 77 * kRecordSize, SEEK_SET);
  std::fputc(200, file);
  std::fclose(file);
  ExpectError("test_batch.bin: record 77, byte 236621: label 200 is not in 0 to 9");
}

}  // namespace
}  // namespace nap
