#include "data/image_folder_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/image_folder_for_tests.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

TEST_F(ImageFolderTest, ListsTrainAndValByClass) {
  for (const char* name : {"train/dog/b.JPEG", "train/dog/sub/deep/a.jpg", "train/dog/a.Png",
                           "train/cat/1.jpg", "val/dog/x.jpeg", "val/cat/y.JPG"}) {
    WriteImage(name);
  }
  Write("train/dog/.hidden.jpg", "");
  Write("train/dog/.cache/a.jpg", "");
  Write("train/dog/notes.txt", "");
  Write("train/notes.jpg", "");
  testing::internal::CaptureStderr();
  const auto listing = ListImageFolder(options_);
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_NE(said.find("passed over, since it lies beside the class folders and not in one: " +
                      root_ + "/train/notes.jpg\n"),
            std::string::npos)
      << said;
  EXPECT_EQ(said.find("passed over"), said.rfind("passed over")) << said;
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
      "has a folder test, but none beside it with images to train on (train, training, trn); if "
      "test is "
      "a class, rename it");
  fs::remove_all(root_ + "/dog");
  fs::remove_all(root_ + "/cow");
  ExpectError("with images to train on (train, training, trn)");
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

TEST_F(ImageFolderTest, AWholePathIsNoOtherImagesName) {
  for (const char* name : {"train/x/0.png", "train/y/0.png", "val/A/a.png", "val/a.png"}) {
    WriteImage(name);
  }
  Write("labels.txt", "A/a.png x\na.png y\n");
  options_.label_file = root_ + "/labels.txt";
  const auto listing = ListImageFolder(options_);
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(Names(listing->test), (std::vector<std::string>{"val/A/a.png 0", "val/a.png 1"}));
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

TEST_F(ImageFolderTest, SaysThatWhatTestsTrains) {
  WriteImage("train/a/0.png");
  WriteImage("train/b/0.png");
  fs::create_directory_symlink("train", root_ + "/val");
  testing::internal::CaptureStderr();
  EXPECT_TRUE(ListImageFolder(options_).ok());
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "train and val are one folder, so that the images that train test, too"),
            std::string::npos);
}

TEST_F(ImageFolderTest, AChecksumTellsImagesFromOthersWhereverTheyAre) {
  for (const char* name : {"train/a/0.png", "train/a/1.png", "train/b/2.png", "val/a/0.png"}) {
    WriteImage(name);
  }
  WriteImage("train/b/2.png", 9);
  const auto checksum = [this](const std::string& folder) {
    options_.data_dir = folder;
    const auto pair = DatasetRegistry::Global().Make("image_folder", options_);
    EXPECT_TRUE(pair.ok()) << pair.status();
    return pair->train->Checksum();
  };
  const std::string copy = root_ + ".copy";
  fs::copy(root_, copy, fs::copy_options::recursive);
  const uint32_t sum = checksum(root_);
  EXPECT_EQ(checksum(copy + "/"), sum);
  // Another image of that name, and two that have changed places.
  fs::copy(root_ + "/train/b/2.png", copy + "/train/a/0.png", fs::copy_options::overwrite_existing);
  std::ofstream(copy + "/train/a/1.png", std::ios::app) << "x";
  const uint32_t other = checksum(copy);
  EXPECT_NE(other, sum);
  fs::rename(copy + "/train/a/0.png", copy + "/zero");
  fs::rename(copy + "/train/a/1.png", copy + "/train/a/0.png");
  fs::rename(copy + "/zero", copy + "/train/a/1.png");
  EXPECT_NE(checksum(copy), sum);
  EXPECT_NE(checksum(copy), other);
  fs::remove_all(copy);
  fs::copy(root_, copy, fs::copy_options::recursive);
  EXPECT_EQ(checksum(copy), sum);
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

TEST_F(ImageFolderTest, SaysWhatIsNoFileThoughItIsCalledAPicture) {
  for (const char* name : {"a/0.png", "a/1.png", "b/0.png"}) WriteImage(name);
  fs::create_symlink("nowhere", root_ + "/a/2.png");
  fs::create_symlink("/dev/zero", root_ + "/b/1.JPG");
  ASSERT_EQ(::mkfifo((root_ + "/b/2.gif").c_str(), 0600), 0);
  fs::create_symlink("nowhere", root_ + "/b/notes.txt");
  testing::internal::CaptureStderr();
  const auto listing = ListImageFolder(options_);
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->train.size() + listing->test.size(), 3u);
  EXPECT_NE(said.find("passed over, since it is no file or leads to none: " + root_ + "/a/2.png, " +
                      root_ + "/b/1.JPG, " + root_ + "/b/2.gif\n"),
            std::string::npos)
      << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(ImageFolderTest, KnowsPartsByWhatTheyAreCalled) {
  for (const auto& [train, test] : {std::pair("training_set", "test_set"),
                                    {"traindataset", "valdata"},
                                    {"trainset", "testset"},
                                    {"Train-Images", "val_images"},
                                    {"train2017", "val2017"},
                                    {"trn", "tst"},
                                    {"train data", "TestData"}}) {
    SCOPED_TRACE(train);
    for (const char* name : {"/a/0.png", "/b/0.png", "/b/1.png"})
      WriteImage(train + std::string(name));
    WriteImage(test + std::string("/b/0.png"));
    const auto listing = ListImageFolder(options_);
    ASSERT_TRUE(listing.ok()) << listing.status();
    EXPECT_EQ(listing->class_names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(listing->train.size(), 3u);
    EXPECT_EQ(listing->test.size(), 1u);
    fs::remove_all(root_ + "/" + train);
    fs::remove_all(root_ + "/" + test);
  }
  // Classes whose names only begin so.
  for (const char* name : {"train_station/0.png", "train_station/1.png", "valley/0.png"})
    WriteImage(name);
  EXPECT_EQ(ListImageFolder(options_)->class_names,
            (std::vector<std::string>{"train_station", "valley"}));
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
      "testing, tst); if train is a class, rename it");
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

}  // namespace
}  // namespace nap
