#include "nap/training/checkpoint.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <limits>

#include "nap/base/files.h"

namespace nap {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    folder_ = testing::TempDir() + "/checkpoint_test/" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    newest_ = folder_ + "/checkpoint.pt";
    previous_ = folder_ + "/checkpoint.previous.pt";
  }

  // Checkpoints that are told apart by a number.
  void WriteNumbered(int64_t number) {
    Checkpoint checkpoint;
    checkpoint.integers["number"] = number;
    checkpoint.tensors["tensor"] = at::full({3}, static_cast<double>(number));
    ASSERT_TRUE(WriteCheckpoint(folder_, checkpoint).ok());
  }
  int64_t ReadNumber() {
    const auto checkpoint = ReadNewestCheckpoint(folder_);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    return checkpoint.ok() ? checkpoint->integers.at("number") : -1;
  }
  void Overwrite(const std::string& path, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  }

  std::string folder_, newest_, previous_;
};

TEST_F(CheckpointTest, ReadsBackTheSameBits) {
  Checkpoint written;
  written.tensors = {
      {"float", at::randn({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast)},
      {"double", at::randn({7}, at::kDouble)},
      {"half", at::randn({7}).to(at::kHalf)},
      {"long", at::arange(5, at::kLong)},
      {"byte", at::full({3, 1}, 200, at::kByte)},
      {"bool", at::full({2}, true, at::kBool)},
      {"scalar", at::full({}, 0.1)},
      {"empty", at::empty({0, 3})},
      {"view", at::arange(1000).slice(0, 10, 12)},
      {"", at::full({1}, -0.0)},
  };
  written.integers = {{"max", std::numeric_limits<int64_t>::max()},
                      {"min", std::numeric_limits<int64_t>::min()},
                      {"zero", 0}};
  written.numbers = {{"tenth", 0.1},
                     {"tiny", std::numeric_limits<double>::denorm_min()},
                     {"infinite", std::numeric_limits<double>::infinity()}};
  written.strings = {{"empty", ""}, {"text", std::string("a\0b\n\xc3\xa4", 6)}};
  ASSERT_TRUE(WriteCheckpoint(folder_, written).ok());
  const auto read = ReadNewestCheckpoint(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->integers, written.integers);
  EXPECT_EQ(read->numbers, written.numbers);
  EXPECT_EQ(read->strings, written.strings);
  ASSERT_EQ(read->tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    const at::Tensor& other = read->tensors.at(name);
    EXPECT_EQ(other.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(other.strides(), tensor.strides()) << name;
    EXPECT_TRUE(at::equal(other, tensor)) << name;
  }
}

TEST_F(CheckpointTest, NothingAtAllIsACheckpointToo) {
  ASSERT_TRUE(WriteCheckpoint(folder_, {}).ok());
  const auto read = ReadNewestCheckpoint(folder_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->tensors.empty() && read->integers.empty() && read->strings.empty());
}

TEST_F(CheckpointTest, KeepsTheOneBefore) {
  for (int i = 1; i <= 3; ++i) WriteNumbered(i);
  EXPECT_EQ(ReadNumber(), 3);
  ASSERT_EQ(std::remove(newest_.c_str()), 0);  // as if killed between the two renames
  EXPECT_EQ(ReadNumber(), 2);
  WriteNumbered(4);
  EXPECT_EQ(ReadNumber(), 4);
  ASSERT_EQ(std::remove(newest_.c_str()), 0);
  EXPECT_EQ(ReadNumber(), 2);
  // Killed while the temporary file was written.
  Overwrite(newest_ + ".tmp", "half a check");
  EXPECT_EQ(ReadNumber(), 2);
}

TEST_F(CheckpointTest, NothingThereIsNotFound) {
  const auto read = ReadNewestCheckpoint(folder_);
  EXPECT_TRUE(absl::IsNotFound(read.status()));
  EXPECT_EQ(read.status().message(), folder_ + " holds no checkpoint");
}

TEST_F(CheckpointTest, EveryTruncationIsDetected) {
  WriteNumbered(1);
  WriteNumbered(2);
  const std::string whole = *ReadFile(newest_);
  for (size_t length = 0; length < whole.size(); length += length < 40 ? 1 : 37) {
    Overwrite(newest_, whole.substr(0, length));
    testing::internal::CaptureStderr();
    EXPECT_EQ(ReadNumber(), 1) << length;
    const std::string warning = testing::internal::GetCapturedStderr();
    const std::string bytes =
        length < 24 ? std::to_string(length) + " bytes"
                    : std::to_string(length) + " of " + std::to_string(whole.size()) + " bytes";
    EXPECT_THAT(warning, HasSubstr(newest_ + " is damaged (truncated at " + bytes));
    EXPECT_THAT(warning, HasSubstr("going on from " + previous_));
  }
}

TEST_F(CheckpointTest, EveryAlteredByteIsDetected) {
  WriteNumbered(1);
  WriteNumbered(2);
  const std::string whole = *ReadFile(newest_);
  for (size_t at = 0; at < whole.size(); at += at < 100 ? 1 : 7) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ (1 << at % 8));
    Overwrite(newest_, altered);
    testing::internal::CaptureStderr();
    EXPECT_EQ(ReadNumber(), 1) << at;
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("is damaged (")) << at;
  }
  Overwrite(newest_, whole + "x");
  EXPECT_EQ(ReadNumber(), 1);
}

TEST_F(CheckpointTest, ADamagedOneDoesNotReplaceTheOneBefore) {
  WriteNumbered(1);
  WriteNumbered(2);
  Overwrite(newest_, "NAPCKPT\n");
  WriteNumbered(3);
  ASSERT_EQ(std::remove(newest_.c_str()), 0);
  EXPECT_EQ(ReadNumber(), 1);
}

TEST_F(CheckpointTest, BothDamagedIsAnError) {
  WriteNumbered(1);
  Overwrite(newest_, ReadFile(newest_)->substr(0, 30));
  const auto alone = ReadNewestCheckpoint(folder_);
  EXPECT_TRUE(absl::IsDataLoss(alone.status()));
  EXPECT_THAT(std::string(alone.status().message()),
              HasSubstr("and there is none before it: nothing is left to go on from"));
  Overwrite(previous_, "something else of another kind");
  const auto both = ReadNewestCheckpoint(folder_);
  EXPECT_TRUE(absl::IsDataLoss(both.status()));
  EXPECT_THAT(std::string(both.status().message()),
              StartsWith(newest_ + " is damaged (truncated at 30 of "));
  EXPECT_THAT(std::string(both.status().message()),
              HasSubstr(" and " + previous_ + " is damaged (it does not begin like one)"));
}

// A file of a format to come: the same header, whole.
TEST_F(CheckpointTest, AnotherFormatIsNamed) {
  WriteNumbered(1);
  std::string later = *ReadFile(newest_);
  later[8] = 2;
  const std::string summed = later.substr(8, 4) + later.substr(16);
  const auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(summed.data()), summed.size());
  for (int i = 0; i < 4; ++i) later[12 + i] = static_cast<char>(sum >> (8 * i));
  Overwrite(newest_, later);
  const auto read = ReadNewestCheckpoint(folder_);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(read.status().message(),
            newest_ +
                " is of format 2 where this version of NAP reads 1; go on with the version "
                "that wrote it");
}

TEST_F(CheckpointTest, AFullDiskLeavesWhatWasThere) {
  WriteNumbered(1);
  WriteNumbered(2);
  std::filesystem::create_symlink("/dev/full", newest_ + ".tmp");
  Checkpoint checkpoint;
  const absl::Status status = WriteCheckpoint(folder_, checkpoint);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()),
              StartsWith("cannot write " + newest_ + ".tmp: No space left on device"));
  EXPECT_EQ(ReadNumber(), 2);
  ASSERT_EQ(std::remove(newest_.c_str()), 0);
  EXPECT_EQ(ReadNumber(), 1);
}

TEST(GetTest, NamesWhatIsMissing) {
  Checkpoint checkpoint;
  checkpoint.integers["epoch"] = 3;
  int64_t value = 0;
  EXPECT_TRUE(Get(checkpoint.integers, "epoch", &value).ok());
  EXPECT_EQ(value, 3);
  EXPECT_EQ(Get(checkpoint.integers, "step", &value).message(),
            "the checkpoint does not fit: it has no 'step'");
}

}  // namespace
}  // namespace nap
