#include "data/built_in_folder.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/image_folder_for_tests.h"
#include "nap/base/files.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

using BuiltInFolderTest = ImageFolderTest;

// All files below a folder, with their contents.
std::map<std::string, std::string> Contents(const std::string& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      contents[entry.path().string().substr(folder.size())] = *ReadFile(entry.path().string());
    }
  }
  return contents;
}

TEST_F(BuiltInFolderTest, WritesTheBuiltInFolder) {
  const std::string folder = root_ + "/new/built_in";
  ASSERT_TRUE(WriteBuiltInFolder(folder, 3).ok());
  options_.data_dir = folder;
  options_.image_size = {32, 32};
  const auto pair = Open();
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->train->size(), 600);
  EXPECT_EQ(pair->test->size(), 100);
  EXPECT_EQ(pair->train->num_classes(), 10);
  std::vector<uint8_t> pixels(3072);
  std::set<std::pair<int, int>> sizes;
  int grey = 0;
  for (int64_t i = 0; i < 600; ++i) {
    ASSERT_TRUE(pair->train->Read(i, nullptr, pixels.data()).ok());
  }
  const auto contents = Contents(folder);
  EXPECT_EQ(contents.size(), 701u);
  for (const auto& [name, bytes] : contents) {
    if (name == "/about.txt") continue;
    const auto image = DecodeImage(bytes);
    ASSERT_TRUE(image.ok()) << name << image.status();
    sizes.insert({image->height, image->width});
    bool coloured = false;
    for (size_t i = 0; i < image->pixels.size() && !coloured; i += 3) {
      coloured = image->pixels[i] != image->pixels[i + 1];
    }
    grey += coloured ? 0 : 1;
  }
  EXPECT_GT(sizes.size(), 500u);
  EXPECT_EQ(grey, 10 * (7 + 1));

  // Left as it is, the same elsewhere, another for another seed.
  fs::remove(folder + "/val/disk/001.jpg");
  EXPECT_TRUE(WriteBuiltInFolder(folder, 3).ok());
  EXPECT_FALSE(fs::exists(folder + "/val/disk/001.jpg"));
  fs::create_directories(root_ + "/empty");
  ASSERT_TRUE(WriteBuiltInFolder(root_ + "/empty", 3).ok());
  EXPECT_EQ(Contents(root_ + "/empty"), contents);
  const absl::Status other = WriteBuiltInFolder(folder, 4);
  EXPECT_NE(other.message().find("is there already and is not the built-in folder of seed 4"),
            absl::string_view::npos);
  // Nothing unfinished lies around.
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ + "/new"), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace nap
