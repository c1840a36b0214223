#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/dataset.h"

namespace nap {
namespace {

constexpr size_t kRecordSize = 3073;

class CifarTest : public testing::Test {
 protected:
  CifarTest() {
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
  ~CifarTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(int file) const {
    return folder_ +
           (file == 5 ? "/test_batch.bin" : "/data_batch_" + std::to_string(file + 1) + ".bin");
  }

  absl::StatusOr<DatasetPair> Open(const std::string& folder, int64_t train_size = 0) {
    DatasetOptions options;
    options.data_dir = folder;
    options.train_size = train_size;
    return DatasetRegistry::Global().Make("cifar10", options);
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

TEST_F(CifarTest, ReadsEveryRecord) {
  const auto pair = Open(folder_);
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->train->size(), 50000);
  EXPECT_EQ(pair->test->size(), 10000);
  EXPECT_EQ(pair->train->num_classes(), 10);
  std::vector<uint8_t> pixels(3072);
  for (const int64_t index : {0, 1, 9999, 10000, 23456, 49999}) {
    const int64_t key = index / 10000 + index % 10000;
    EXPECT_EQ(pair->train->Label(index), key % 10);
    ASSERT_TRUE(pair->train->Read(index, nullptr, pixels.data()).ok());
    for (const size_t place : {0, 1, 1024, 3071}) {  // of the file
      EXPECT_EQ(pixels[place % 1024 * 3 + place / 1024], static_cast<uint8_t>(key + place + 1))
          << index << " " << place;
    }
  }
  EXPECT_EQ(pair->test->Label(3), 8);
}

TEST_F(CifarTest, FindsTheFolderThatTheArchiveMakes) {
  const std::string inside = folder_ + "/cifar-10-batches-bin";
  std::filesystem::create_directories(inside);
  for (int f = 0; f < 6; ++f) {
    std::filesystem::rename(Path(f), inside + Path(f).substr(folder_.size()));
  }
  EXPECT_TRUE(Open(folder_).ok());
  EXPECT_EQ(Open(inside, 123)->train->size(), 123);
}

TEST_F(CifarTest, NamesWhatIsWrong) {
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
  std::filesystem::create_directories(folder_ + "/cifar-10-batches-bin");
  ExpectError("holds no data_batch_1.bin; `bazel run");
  std::filesystem::create_directories(folder_ + "/train");
  ExpectError("if it is a folder of images, as its folder train makes it look, --dataset=");
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/x_train.npy") << "numpy";
  ExpectError(
      "holds no data_batch_1.bin; NumPy's arrays, such as x_train.npy, are read by "
      "--dataset=numpy; `bazel run");
  std::filesystem::rename(folder_ + "/x_train.npy", folder_ + "/labels.csv");
  ExpectError("holds no data_batch_1.bin; if labels.csv is a table of images, give --data_dir=" +
              folder_ + "/labels.csv; `bazel run");
  std::filesystem::remove_all(folder_);
  ExpectError(folder_ + " is not a folder");
}

TEST_F(CifarTest, NamesALabelAboveNine) {
  std::FILE* file = std::fopen(Path(5).c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::fseek(file, 77 * kRecordSize, SEEK_SET);
  std::fputc(200, file);
  std::fclose(file);
  ExpectError("test_batch.bin: record 77, byte 236621: label 200 is not in 0 to 9");
}

// A file of zeros but for one record.
void WriteCifar100(const std::string& path, int64_t records, int64_t record, uint8_t fine) {
  std::ofstream file(path, std::ios::binary);
  std::filesystem::resize_file(path, static_cast<uintmax_t>(records * 3074));
  file.seekp(record * 3074);
  file.put(19).put(static_cast<char>(fine)).put('\1');
  file.seekp(record * 3074 + 2 + 1024);
  file.put('\2');
}

TEST_F(CifarTest, ReadsTheFineClassesOfCifar100) {
  const auto open = [&](const std::string& folder, PictureSize image_size = {0, 0}) {
    DatasetOptions options;
    options.data_dir = folder;
    options.image_size = image_size;
    return DatasetRegistry::Global().Make("cifar100", options);
  };
  EXPECT_NE(open(folder_).status().message().find("holds no train.bin; unpack cifar-100-binary"),
            absl::string_view::npos);
  const std::string inside = folder_ + "/cifar-100-binary";
  std::filesystem::create_directories(inside);
  WriteCifar100(inside + "/train.bin", 50000, 40000, 99);
  WriteCifar100(inside + "/test.bin", 10000, 9999, 11);
  EXPECT_NE(open(folder_, {64, 64}).status().message().find("--image_size=64"),
            absl::string_view::npos);
  const auto pair = open(folder_);
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->train->size(), 50000);
  EXPECT_EQ(pair->test->size(), 10000);
  EXPECT_EQ(pair->train->num_classes(), 100);
  EXPECT_EQ(pair->train->class_names()[99], "worm");
  EXPECT_EQ(pair->train->Label(39999), 0);
  EXPECT_EQ(pair->train->Label(40000), 99);
  EXPECT_EQ(pair->test->Label(9999), 11);
  std::vector<uint8_t> pixels(3072);
  ASSERT_TRUE(pair->train->Read(40000, nullptr, pixels.data()).ok());
  EXPECT_EQ(std::vector<uint8_t>(pixels.begin(), pixels.begin() + 4),
            (std::vector<uint8_t>{1, 2, 0, 0}));
  WriteCifar100(inside + "/test.bin", 10000, 9999, 100);
  EXPECT_NE(open(folder_).status().message().find(
                "test.bin: record 9999, byte 30736927: label 100 is not in 0 to 99"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace nap
