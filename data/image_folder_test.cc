#include "data/image_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/built_in_folder.h"
#include "data/dataset.h"
#include "data/image_codec.h"
#include "data/image_folder_listing.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "nap/base/files.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

class ImageFolderTest : public testing::Test {
 protected:
  ImageFolderTest() {
    root_ = testing::TempDir() + "/image_folder_test_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_);
    options_.data_dir = root_;
    options_.image_size = {8, 8};
  }
  ~ImageFolderTest() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(root_ + "/" + name).parent_path());
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

TEST_F(ImageFolderTest, ListsTrainAndValByClass) {
  for (const char* name : {"train/dog/b.JPEG", "train/dog/sub/deep/a.jpg", "train/dog/a.Png",
                           "train/cat/1.jpg", "val/dog/x.jpeg", "val/cat/y.JPG"}) {
    WriteImage(name);
  }
  Write("train/dog/.hidden.jpg", "");
  Write("train/dog/.cache/a.jpg", "");
  Write("train/dog/notes.txt", "");
  Write("train/notes.jpg", "");
  const auto listing = ListImageFolder(options_);
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(Names(listing->train),
            (std::vector<std::string>{"train/cat/1.jpg 0", "train/dog/a.Png 1",
                                      "train/dog/b.JPEG 1", "train/dog/sub/deep/a.jpg 1"}));
  EXPECT_EQ(Names(listing->test),
            (std::vector<std::string>{"val/cat/y.JPG 0", "val/dog/x.jpeg 1"}));
  fs::rename(root_ + "/val", root_ + "/test");
  EXPECT_EQ(ListImageFolder(options_)->test.size(), 2u);
  WriteImage("test/cow/z.jpg");
  ExpectError("test/cow has no counterpart in train");
}

TEST_F(ImageFolderTest, KnowsThePartsByTheirNames) {
  for (const char* name : {"training/cat/0.png", "training/dog/0.png", "valid/cat/1.png"}) {
    WriteImage(name);
  }
  // The test images, and what is said.
  const auto read = [&](const std::string& warning) {
    testing::internal::CaptureStderr();
    const auto listing = ListImageFolder(options_);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(listing.ok()) << listing.status();
    EXPECT_NE(said.find(warning), std::string::npos) << said;
    EXPECT_EQ(said.empty(), warning.empty()) << said;
    if (!listing.ok()) return std::vector<std::string>();
    EXPECT_EQ(listing->class_names, (std::vector<std::string>{"cat", "dog"}));
    return Names(listing->test);
  };
  const auto rename = [&](const std::string& from, const std::string& to) {
    fs::rename(root_ + "/" + from, root_ + "/" + to);
  };
  EXPECT_EQ(read(""), (std::vector<std::string>{"valid/cat/1.png 0"}));
  rename("valid", "VALIDATION");
  rename("training", "TRAIN");
  EXPECT_EQ(read("").size(), 1u);
  WriteImage("Testing/cat/2.png");
  EXPECT_EQ(read("TRAIN is trained on and VALIDATION tested on; not read: Testing\n"),
            (std::vector<std::string>{"VALIDATION/cat/1.png 0"}));
  fs::remove_all(root_ + "/VALIDATION");
  WriteImage("cow/0.png");
  EXPECT_EQ(read("TRAIN is trained on and Testing tested on; not read: cow\n"),
            (std::vector<std::string>{"Testing/cat/2.png 0"}));
  WriteImage("test/cat/2.png");
  ExpectError("has both Testing and test, which mean the same; rename one");
  fs::remove_all(root_ + "/Testing");
  rename("TRAIN", "dog");
  ExpectError(
      "has a folder test, but none beside it with images to train on (train, training); if test is "
      "a class, rename it");
  fs::remove_all(root_ + "/dog");
  fs::remove_all(root_ + "/cow");
  ExpectError("with images to train on (train, training)");
}

TEST_F(ImageFolderTest, ReadsLabelFiles) {
  for (const char* name : {"train/n02/images/n02_0.JPEG", "train/n01/images/n01_0.JPEG",
                           "val/images/val_0.JPEG", "val/images/val_1.JPEG"}) {
    WriteImage(name);
  }
  Write("val/val_annotations.txt", "val_0.JPEG\tn02\t0\t0\t5\t5\nval_1.JPEG\tn01\t1\t2\t3\t4\n");
  auto listing = ListImageFolder(options_);
  ASSERT_TRUE(listing.ok()) << listing.status();
  const std::vector<std::string> expected{"val/images/val_0.JPEG 1", "val/images/val_1.JPEG 0"};
  EXPECT_EQ(Names(listing->test), expected);

  options_.label_file = root_ + "/val.txt";
  ExpectError("val.txt: No such file");
  Write("val.txt", "images/val_1.JPEG 0\r\n\nval_0.JPEG 1 ignored\n");
  listing = ListImageFolder(options_);
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(Names(listing->test), expected);
  Write("val.txt", "val_1.JPEG 0\n");
  ExpectError("val.txt has no line for the image " + root_ + "/val/images/val_0.JPEG");
  Write("val.txt", "val_1.JPEG 0\nval_0.JPEG 2\n");
  ExpectError("val.txt, line 2: '2' is neither a class folder of train nor a number from 0 to 1");
  Write("val.txt", "val_1.JPEG\n");
  ExpectError("val.txt, line 1: 'val_1.JPEG' has no class after it");
  Write("val.txt", "val_1.JPEG 0\nval_7.JPEG 0\n");
  ExpectError("val.txt, line 2: there is no image 'val_7.JPEG' in " + root_ + "/val");
  Write("val.txt", "val_1.JPEG 0\nval_1.JPEG 1\n");
  ExpectError("val.txt, line 2: a second label for 'images/val_1.JPEG'");
}

TEST_F(ImageFolderTest, ReadsALabelFileInOneWay) {
  for (const char* name :
       {"train/1/a.png", "train/2/a.png", "train/3/a.png", "val/a.png", "val/b.png", "val/c.png"}) {
    WriteImage(name);
  }
  options_.label_file = root_ + "/val.txt";
  const auto labels = [&](const std::string& content) {
    Write("val.txt", content);
    std::vector<int> labels;
    const auto listing = ListImageFolder(options_);
    EXPECT_TRUE(listing.ok()) << listing.status();
    if (listing.ok()) {
      for (const LabelledFile& file : listing->test) labels.push_back(file.label);
    }
    return labels;
  };
  EXPECT_EQ(labels("a.png 0\nb.png 1\nc.png 2\n"), (std::vector<int>{0, 1, 2}));  // numbers
  EXPECT_EQ(labels("a.png 1\nb.png 2\nc.png 3\n"), (std::vector<int>{0, 1, 2}));  // names
  EXPECT_EQ(labels("a.png 1/\nb.png 2\nc.png 1\n"), (std::vector<int>{0, 1, 0}));
  Write("val.txt", "a.png 1\nb.png 2\nc.png 1\n");
  ExpectError(
      "val.txt, line 1: '1' is a class folder's name and also the number of class '2', counted "
      "from 0; write '1/'");
  Write("val.txt", "a.png 1\nb.png 0\nc.png 3\n");
  ExpectError("val.txt, line 2: '0' is the number of a class, but '3' in line 3 is a name");
  // What both readings agree on is no question.
  fs::rename(root_ + "/train/3", root_ + "/train/0");
  EXPECT_EQ(labels("a.png 2\nb.png 0\nc.png 1\n"), (std::vector<int>{2, 0, 1}));
}

TEST_F(ImageFolderTest, HoldsATenthOfEveryClassOut) {
  for (int i = 0; i < 20; ++i) WriteImage("a/" + std::to_string(i) + ".png");
  for (int i = 0; i < 3; ++i) WriteImage("b/" + std::to_string(i) + ".png");
  WriteImage("c/0.png");
  const auto listing = ListImageFolder(options_);
  ASSERT_TRUE(listing.ok()) << listing.status();
  std::map<int, int> test;
  for (const LabelledFile& file : listing->test) ++test[file.label];
  EXPECT_EQ(test, (std::map<int, int>{{0, 2}, {1, 1}}));
  std::set<std::string> all;
  for (const auto& files : {listing->train, listing->test}) {
    for (const std::string& name : Names(files)) all.insert(name);
  }
  EXPECT_EQ(all.size(), 24u);
  EXPECT_EQ(Names(ListImageFolder(options_)->test), Names(listing->test));
  options_.split_seed = 1;
  EXPECT_NE(Names(ListImageFolder(options_)->test), Names(listing->test));
}

TEST_F(ImageFolderTest, AChecksumTellsImagesFromOthersWhereverTheyAre) {
  for (const char* name : {"train/a/0.png", "train/a/1.png", "train/b/2.png", "val/a/0.png"}) {
    WriteImage(name);
  }
  const auto checksum = [this](const std::string& folder) {
    options_.data_dir = folder;
    const auto pair = (*DatasetRegistry::Global().Find("image_folder"))->open(options_);
    EXPECT_TRUE(pair.ok()) << pair.status();
    return pair->train->Checksum();
  };
  const std::string copy = root_ + ".copy";
  fs::copy(root_, copy, fs::copy_options::recursive);
  const uint32_t sum = checksum(root_);
  EXPECT_EQ(checksum(copy + "/"), sum);
  // As many, with another label.
  fs::rename(copy + "/train/a/1.png", copy + "/train/b/1.png");
  EXPECT_NE(checksum(copy), sum);
  fs::remove_all(copy);
}

TEST_F(ImageFolderTest, VisitsAFolderOnceWhateverLeadsThere) {
  for (const char* name : {"a/0.png", "a/1.png", "b/0.png", "b/1.png", "b/deep/2.png"}) {
    WriteImage(name);
  }
  const auto names = [&](const std::string& warning) {
    testing::internal::CaptureStderr();
    const auto listing = ListImageFolder(options_);
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(listing.ok()) << listing.status();
    EXPECT_EQ(said.find("passed over"), said.rfind("passed over")) << said;
    EXPECT_EQ(said.empty(), warning.empty()) << said;
    EXPECT_NE(said.find(warning), std::string::npos) << said;
    EXPECT_EQ(listing->class_names.size(), 2u);
    std::vector<std::string> all = Names(listing->train);
    for (const std::string& name : Names(listing->test)) all.push_back(name);
    std::sort(all.begin(), all.end());
    return all;
  };
  const std::vector<std::string> expected = names("");
  EXPECT_EQ(expected, (std::vector<std::string>{"a/0.png 0", "a/1.png 0", "b/0.png 1", "b/1.png 1",
                                                "b/deep/2.png 1"}));
  fs::create_directory_symlink(root_, root_ + "/a/loop");
  const std::string passed =
      "passed over, since it leads to a folder that is read already or that it lies in: ";
  EXPECT_EQ(names(passed + root_ + "/a/loop\n"), expected);
  fs::create_directory_symlink("../..", root_ + "/b/deep/loop");
  EXPECT_EQ(names(passed + root_ + "/a/loop, " + root_ + "/b/deep/loop\n"), expected);
  // Links that would be classes: to the root, to a class before and after it, into a class.
  fs::create_directory_symlink(".", root_ + "/all");
  fs::create_directory_symlink("b", root_ + "/aa");
  fs::create_directory_symlink("b/deep", root_ + "/c");
  EXPECT_EQ(names(" and 2 more\n"), expected);
  // One that leads elsewhere is followed, and what it leads to has its own loops.
  for (const char* name : {"a/loop", "b/deep/loop", "all", "aa", "c"}) {
    fs::remove(root_ + "/" + name);
  }
  fs::rename(root_ + "/b", root_ + ".elsewhere");
  fs::create_directory_symlink(root_ + ".elsewhere", root_ + "/b");
  fs::create_directory_symlink(root_ + "/b", root_ + ".elsewhere/deep/loop");
  EXPECT_EQ(names(passed + root_ + "/b/deep/loop\n"), expected);
  fs::remove_all(root_ + ".elsewhere");
}

TEST_F(ImageFolderTest, NeedsAnImageToTestOn) {
  for (const char* name : {"a/0.png", "b/0.png", "c/0.png", "d/0.png"}) WriteImage(name);
  ExpectError(": no class has a second image, so that none can be held out to test on");
  WriteImage("a/1.png");
  EXPECT_EQ(ListImageFolder(options_)->test.size(), 1u);
}

TEST_F(ImageFolderTest, NamesWhatIsWrong) {
  ExpectError(root_ + " holds no class folder; there must be two or more");
  WriteImage("a/0.png");
  ExpectError(root_ + " holds only one class folder");
  fs::create_directories(root_ + "/b");
  ExpectError("the class folder " + root_ + "/b holds no image");
  options_.label_file = "labels.txt";
  ExpectError("--label_file=labels.txt labels the images of val, but");
  options_.label_file = "";
  WriteImage("train/a/0.png");
  WriteImage("train/b/0.png");
  ExpectError(
      "has a folder train, but none beside it with images to test on (val, valid, validation, "
      "test, "
      "testing); if train is a class, rename it");
  WriteImage("val/0.png");
  ExpectError("val holds no class folder; give --label_file");
  fs::create_directories(root_ + "/val/a");
  ExpectError("/val holds no test image");
  WriteImage("val/a/0.png");
  options_.smallest_crop = 0;
  ExpectError("--smallest_crop=0 is not a share");
  options_.smallest_crop = 0.08;
  options_.data_dir = root_ + "/nowhere";
  ExpectError("--data_dir=" + root_ + "/nowhere is not a folder");
}

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

TEST_F(ImageFolderTest, WritesTheBuiltInFolder) {
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
