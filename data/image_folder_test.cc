#include "data/image_folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/image_folder_for_tests.h"
#include "data/loader.h"
#include "nap/base/files.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

TEST_F(ImageFolderTest, ReadsImagesOfAnySizeInTwoViews) {
  // The left half dark, the right half bright.
  const PictureSize size{40, 60};
  std::vector<uint8_t> halves;
  for (int i = 0; i < 40 * 60; ++i) halves.insert(halves.end(), 3, i % 60 < 30 ? 20 : 220);
  Write("train/a/0.png", EncodePng(halves.data(), size, 3));
  WriteImage("train/b/0.jpg", 77, {100, 30});
  WriteImage("val/a/0.png", 3, {5, 5});
  auto pair = Open();
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_EQ(pair->train->shape().Size(), 192);
  EXPECT_EQ(pair->train->Label(1), 1);
  std::vector<uint8_t> pixels(192);
  ASSERT_TRUE(pair->train->Read(0, nullptr, pixels.data()).ok());
  EXPECT_EQ(pixels[0], 20);
  EXPECT_EQ(pixels[191], 220);
  ASSERT_TRUE(pair->train->Read(1, nullptr, pixels.data()).ok());
  for (const uint8_t pixel : pixels) EXPECT_NEAR(pixel, 77, 1);
  ASSERT_TRUE(pair->test->Read(0, nullptr, pixels.data()).ok());
  EXPECT_EQ(pixels, std::vector<uint8_t>(192, 3));

  const auto training_views = [&] {
    std::set<std::vector<uint8_t>> views;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      RandomStream random({seed}), again({seed});
      EXPECT_TRUE(pair->train->Read(0, &random, pixels.data()).ok());
      std::vector<uint8_t> same(192);
      EXPECT_TRUE(pair->train->Read(0, &again, same.data()).ok());
      EXPECT_EQ(same, pixels);
      views.insert(pixels);
    }
    return views;
  };
  EXPECT_GT(training_views().size(), 10u);
  options_.random_resized_crop = false;
  pair = Open();
  ASSERT_TRUE(pair->train->Read(0, nullptr, pixels.data()).ok());
  EXPECT_EQ(training_views(), (std::set<std::vector<uint8_t>>{pixels}));
}

TEST_F(ImageFolderTest, TakesTheFirstImagesOfTheClassesInTurn) {
  for (const char* name : {"a", "b", "c"}) {
    for (int i = 0; i < 4; ++i) {
      WriteImage(std::string("train/") + name + "/" + std::to_string(i) + ".png");
    }
  }
  WriteImage("val/a/0.png");
  options_.train_size = 7;
  const auto pair = Open();
  ASSERT_TRUE(pair.ok());
  ASSERT_EQ(pair->train->size(), 7);
  std::vector<int> labels;
  for (int64_t i = 0; i < 7; ++i) labels.push_back(pair->train->Label(i));
  EXPECT_EQ(labels, (std::vector<int>{0, 1, 2, 0, 1, 2, 0}));
}

TEST_F(ImageFolderTest, LeavesBrokenFilesOutOrStops) {
  WriteImage("train/a/0.png", 10);
  Write("train/a/1.jpg", "no image at all");
  WriteImage("train/a/2.png", 30);
  Write("train/b/0.jpg", "");
  WriteImage("val/a/0.png");
  const auto labels = [&](int64_t* broken) {
    const auto pair = Open();
    LoaderOptions options;
    options.batch_size = 2;
    options.augmentation.mean = {0, 0, 0};
    options.augmentation.stddev = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F};
    Loader loader(pair->train.get(), {3, 2, 0, 1, 1, 3}, options);
    loader.StartEpoch(0);
    std::vector<float> levels;
    for (Batch batch; loader.Next(&batch);) {
      for (int64_t i = 0; i < batch.labels.numel(); ++i) {
        EXPECT_EQ(batch.labels[i].item<int64_t>(), 0);
        levels.push_back(std::round(batch.images[i][0][0][0].item<float>()));
      }
    }
    *broken = loader.broken_images();
    return levels;
  };
  int64_t broken = 0;
  testing::internal::CaptureStderr();
  EXPECT_EQ(labels(&broken), (std::vector<float>{30, 10}));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(broken, 4);
  const auto times = [&](const std::string& text) {
    int count = 0;
    for (size_t at = said.find(text); at != std::string::npos; at = said.find(text, at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(times("train/a/1.jpg: no JPEG, PNG, WebP, GIF, TIFF or BMP image"), 1) << said;
  EXPECT_EQ(times("train/b/0.jpg: the file is empty"), 1) << said;

  options_.strict = true;
  try {
    labels(&broken);
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), root_ + "/train/b/0.jpg: the file is empty");
  }
}

TEST_F(ImageFolderTest, WarnsOnceOfAJpegWithoutItsEnd) {
  WriteImage("train/a/0.jpg", 77);
  const std::string path = root_ + "/train/a/0.jpg";
  const std::string whole = *ReadFile(path);
  Write("train/a/0.jpg", whole.substr(0, whole.size() - 2));
  WriteImage("train/b/0.png");
  WriteImage("val/a/0.png");
  options_.strict = true;
  const auto pair = Open();
  ASSERT_TRUE(pair.ok()) << pair.status();
  std::vector<uint8_t> pixels(192);
  testing::internal::CaptureStderr();
  EXPECT_TRUE(pair->train->Read(0, nullptr, pixels.data()).ok());
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                path + ": a JPEG without its end marker, but with all of its pixels\n"),
            std::string::npos);
  for (const uint8_t pixel : pixels) EXPECT_NEAR(pixel, 77, 1);
  testing::internal::CaptureStderr();
  EXPECT_TRUE(pair->train->Read(0, nullptr, pixels.data()).ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ImageFolderTest, PassesNoPictureOverSilently) {
  for (const char* name : {"train/a/0.png", "train/b/0.JFIF", "train/b/1.jpe", "val/a/0.png"}) {
    WriteImage(name);
  }
  const std::string bmp = *ReadFile("data/corpora/image_codec/bits_24.bmp");
  for (const char* name : {"0.bmp", "1.webp", "2.GIF", "3.tif", "4.tiff"}) {
    Write(std::string("train/a/") + name, bmp);  // whose first bytes count
  }
  const auto said = [&](size_t train) {
    testing::internal::CaptureStderr();
    const auto pair = Open();
    EXPECT_TRUE(pair.ok()) << pair.status();
    EXPECT_EQ(pair->train->size(), train);
    std::vector<uint8_t> pixels(192);
    for (size_t i = 0; i < train; ++i) {
      EXPECT_TRUE(pair->train->Read(i, nullptr, pixels.data()).ok()) << i;
    }
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said(8), "");
  Write("train/a/notes.txt", "");
  Write("train/a/.x.heic", "");
  EXPECT_EQ(said(8), "");
  Write("train/b/x.HEIC", "");
  const std::string after =
      "; convert them to one of .bmp, .gif, .jfif, .jpe, .jpeg, .jpg, .png, .tif, .tiff, .webp\n";
  const std::string one = said(8);
  EXPECT_NE(one.find("passed over, since such files are not read: 1 picture (.heic), " + root_ +
                     "/train/b/x.HEIC" + after),
            std::string::npos)
      << one;
  Write("train/a/below/y.svg", "");
  Write("train/b/z.heic", "");
  const std::string three = said(8);
  EXPECT_NE(
      three.find("3 pictures (.heic, .svg), " + root_ + "/train/a/below/y.svg for one" + after),
      std::string::npos)
      << three;
  EXPECT_EQ(std::count(three.begin(), three.end(), '\n'), 1);
}

TEST_F(ImageFolderTest, NamesImagesByTheirPathsInTheFolder) {
  WriteImage("train/a/0.png");
  WriteImage("train/b/sub/1.png");
  WriteImage("val/b/2.png");
  const auto pair = Open();
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->train->ImageName(1), "train/b/sub/1.png");
  EXPECT_EQ(pair->test->ImageName(0), "val/b/2.png");
  EXPECT_EQ(pair->test->TestCrop(), 0.875);
}

TEST_F(ImageFolderTest, OpensPicturesWithoutLabels) {
  // Columns of 0, 8, 16, ... and, in the last and first, 255.
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 16 * 16; ++i) {
    const int x = i % 16;
    pixels.insert(pixels.end(), 3, static_cast<uint8_t>(x == 0 || x == 15 ? 255 : 8 * x));
  }
  const std::string png = EncodePng(pixels.data(), {16, 16}, 3);
  Write("all/b.png", png);
  Write("all/a,\n/x.png", png);
  Write("all/a,\n/broken.jpg", "no image at all");
  Write("all/text.txt", "");
  Write("beside.png", png);
  fs::create_directory_symlink("..", root_ + "/all/up");
  testing::internal::CaptureStderr();
  const auto open = [&](double test_crop, bool strict, const char* folder = "/all/") {
    DatasetOptions options;
    options.data_dir = root_ + folder;
    options.image_size = {16, 16};
    options.strict = strict;
    return OpenPictures(options, test_crop);
  };
  const auto pictures = open(1, false);
  ASSERT_TRUE(pictures.ok()) << pictures.status();
  ASSERT_EQ((*pictures)->size(), 3);
  EXPECT_EQ((*pictures)->ImageName(0), "a,\n/broken.jpg");
  EXPECT_EQ((*pictures)->ImageName(1), "a,\n/x.png");
  EXPECT_EQ((*pictures)->ImageName(2), "b.png");
  std::vector<uint8_t> read(pixels.size());
  EXPECT_TRUE(absl::IsDataLoss((*pictures)->Read(0, nullptr, read.data())));
  ASSERT_TRUE((*pictures)->Read(1, nullptr, read.data()).ok());
  EXPECT_EQ(read, pixels);
  // The view that tests lacks the outermost columns.
  ASSERT_TRUE((*open(0.875, false))->Read(1, nullptr, read.data()).ok());
  EXPECT_LT(*std::max_element(read.begin(), read.end()), 128);
  EXPECT_TRUE(absl::IsFailedPrecondition((*open(1, true))->Read(0, nullptr, read.data())));
  testing::internal::GetCapturedStderr();

  EXPECT_EQ(open(1, false, "/none").status().message(), root_ + "/none is no folder");
  fs::create_directories(root_ + "/empty");
  const absl::Status empty = open(1, false, "/empty").status();
  EXPECT_TRUE(absl::IsNotFound(empty));
  EXPECT_NE(empty.message().find("there is no picture in " + root_ + "/empty"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace nap
