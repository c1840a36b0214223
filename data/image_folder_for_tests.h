// A folder of images that a test makes.
#ifndef DATA_IMAGE_FOLDER_FOR_TESTS_H_
#define DATA_IMAGE_FOLDER_FOR_TESTS_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/image_codec.h"
#include "data/image_folder_listing.h"
#include "data/open_dataset.h"

namespace nap {

class ImageFolderTest : public testing::Test {
 protected:
  ImageFolderTest() {
    root_ = testing::TempDir() + "/image_folder_test_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    options_.data_dir = root_;
    options_.image_size = {8, 8};
  }
  ~ImageFolderTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + "/" + name).parent_path());
    std::ofstream(root_ + "/" + name, std::ios::binary) << content;
  }

  // One grey level everywhere.
  void WriteImage(const std::string& name, uint8_t level = 0, PictureSize size = {9, 12}) const {
    const std::vector<uint8_t> pixels(size_t{3} * size.height * size.width, level);
    Write(name, name.find(".p") == std::string::npos && name.find(".P") == std::string::npos
                    ? EncodeJpeg(pixels.data(), size, 3, 95)
                    : EncodePng(pixels.data(), size, 3));
  }

  // "path label" of each, the path below the root.
  std::vector<std::string> Names(const std::vector<LabelledFile>& files) const {
    std::vector<std::string> names;
    for (const LabelledFile& file : files) {
      names.push_back(file.path.substr(root_.size() + 1) + " " + std::to_string(file.label));
    }
    return names;
  }

  void ExpectError(const std::string& text) const {
    const absl::Status status = Open().status();
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << status;
  }

  absl::StatusOr<DatasetPair> Open() const { return OpenDataset("image_folder", options_); }

  std::string root_;
  DatasetOptions options_;
};

}  // namespace nap

#endif  // DATA_IMAGE_FOLDER_FOR_TESTS_H_
