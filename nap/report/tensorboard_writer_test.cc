// The format is tested by a reader in Python: //experiments:cifar_search_tensorboard_test.
#include "nap/report/tensorboard_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace nap {
namespace {

class TensorboardWriterTest : public testing::Test {
 protected:
  TensorboardWriterTest() {
    folder_ = testing::TempDir() + "/tensorboard_writer_test/" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      files.push_back(entry.path().filename().string());
    }
    return files;
  }

  std::string Content() { return *ReadFile(folder_ + "/" + Files().front()); }

  std::string folder_;
};

TEST_F(TensorboardWriterTest, GoesOnInTheSameFileAfterWhatIsSaved) {
  int64_t size = 0;
  {
    auto writer = TensorboardWriter::Open(folder_, 0);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(writer->Write(1, {{"epoch/loss", 2.5}}).ok());
    size = *writer->Flush();
    ASSERT_TRUE(writer->Write(2, {{"epoch/loss", 1.5}}).ok());
  }
  ASSERT_EQ(Files().size(), 1u);
  EXPECT_EQ(Files().front().rfind("events.out.tfevents.", 0), 0u);
  const std::string before = Content();
  EXPECT_GT(static_cast<int64_t>(before.size()), size);
  {
    auto writer = TensorboardWriter::Open(folder_, size);
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ(Content(), before.substr(0, size));
    ASSERT_TRUE(writer->Write(2, {{"epoch/loss", 1.5}}).ok());
  }
  EXPECT_EQ(Files().size(), 1u);
  EXPECT_EQ(Content().size(), before.size());
  EXPECT_EQ(TensorboardWriter::Open(folder_, 9999).status().code(), absl::StatusCode::kDataLoss);
  // Killed before the first checkpoint: nothing but the version is left.
  ASSERT_TRUE(TensorboardWriter::Open(folder_, 0).ok());
  EXPECT_EQ(Content().size(), 12 + 9 + 2 + 13 + 4u);
}

TEST_F(TensorboardWriterTest, SaysWhenTheDiskIsFull) {
  std::filesystem::create_symlink("/dev/full", folder_ + "/events.out.tfevents.1.host");
  const absl::Status status = TensorboardWriter::Open(folder_, 0).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("events.out.tfevents.1.host: No space left on device"),
            absl::string_view::npos)
      << status;
}

}  // namespace
}  // namespace nap
