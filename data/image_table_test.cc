#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "data/dataset.h"
#include "data/image_codec.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

class ImageTableTest : public testing::Test {
 protected:
  ImageTableTest() {
    folder_ = testing::TempDir() + "/table";
    fs::remove_all(folder_);
    fs::create_directories(folder_ + "/below");
    for (int i = 0; i < 6; ++i) {
      const std::vector<uint8_t> grey(8 * 8, static_cast<uint8_t>(10 * i));
      std::ofstream(Path(absl::StrCat("below/", i, ".png")), std::ios::binary)
          << EncodePng(grey.data(), {8, 8}, 1);
    }
    options_.data_dir = folder_;
    options_.image_size = {4, 8};
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  absl::StatusOr<DatasetPair> Open(const std::string& table) {
    std::ofstream(Path("labels.csv"), std::ios::binary) << table;
    return DatasetRegistry::Global().Make(dataset_, options_);
  }
  void ExpectError(const std::string& table, const std::string& error) {
    EXPECT_EQ(std::string(Open(table).status().message()),
              absl::StrCat("dataset '", dataset_, "': ", Path("labels.csv"), error));
  }
  // "name:label ...", in order.
  static std::string Listed(const Dataset& images) {
    std::string text;
    for (int64_t i = 0; i < images.size(); ++i) {
      absl::StrAppend(&text, i > 0 ? " " : "", images.ImageName(i), ":", images.Label(i));
    }
    return text;
  }

  std::string folder_, dataset_ = "csv";
  DatasetOptions options_;
};

TEST_F(ImageTableTest, RowsHaveAFileAClassAndAPart) {
  const auto data = Open(
      "id;Split;Label;Filename\n"
      "1;train;dog;below/0.png\n"
      "2;TRAIN;cat;below/1.png\n"
      "3;valid;dog;below/2.png\n"
      "4;training;dog;below/3.png\n");
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(Listed(*data->train), "below/1.png:0 below/0.png:1 below/3.png:1");
  EXPECT_EQ(Listed(*data->test), "below/2.png:1");
  EXPECT_EQ(data->train->shape().height, 4);
  EXPECT_EQ(data->train->shape().width, 8);
  std::vector<uint8_t> pixels(3 * 4 * 8);
  ASSERT_TRUE(data->test->Read(0, nullptr, pixels.data()).ok());
  EXPECT_EQ(pixels, std::vector<uint8_t>(3 * 4 * 8, 20));
}

TEST_F(ImageTableTest, ColumnsOfOtherNamesAreSaid) {
  const std::string table =
      "ID,Breed,label,Fold\n"
      "below/0.png,cat,1,train\n"
      "below/1.png,dog,2,train\n"
      "below/2.png,dog,3,test\n";
  dataset_ = "csv:file=id,class=breed,part=fold";
  const auto data = Open(table);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(Listed(*data->train), "below/0.png:0 below/1.png:1");
  EXPECT_EQ(Listed(*data->test), "below/2.png:1");
  // Those that are not said are called as usual.
  dataset_ = "csv:file=id,part=fold";
  EXPECT_EQ(Open("id,label,fold\nbelow/0.png,1,train\nbelow/1.png,2,train\nbelow/2.png,2,val\n")
                ->train->class_names(),
            (std::vector<std::string>{"1", "2"}));
  dataset_ = "csv:file=path";
  ExpectError(table,
              ", line 1: none of its columns is called path (the image's file); it has "
              "ID, Breed, label, Fold");
  dataset_ = "csv:file=id,part=split";
  ExpectError(table,
              ", line 1: none of its columns is called split (the part); it has "
              "ID, Breed, label, Fold");
  // What is said to be the class is not the part, too.
  dataset_ = "csv:file=id,class=split";
  EXPECT_EQ(Open("id,split\nbelow/0.png,cat\nbelow/1.png,dog\nbelow/2.png,dog\nbelow/3.png,cat\n")
                ->train->class_names(),
            (std::vector<std::string>{"cat", "dog"}));
  // A table without names has none to be said.
  dataset_ = "csv:class=breed";
  ExpectError("below/0.png,cat\nbelow/1.png,dog\n",
              ", line 1: none of its columns is called path, file, filename, file_name, image, "
              "image_path, filepath (the image's file); it has below/0.png, cat");
}

TEST_F(ImageTableTest, ATableWithoutNamesHasTheFileFirst) {
  options_.data_dir = Path("labels.csv");
  const auto data = Open(
      absl::StrCat("below/0.png,10\nbelow/1.png,9\n", Path("below/2.png"), ",10\nbelow/3.png,9\n"));
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->class_names(), (std::vector<std::string>{"9", "10"}));
  EXPECT_EQ(data->train->size(), 2);
  EXPECT_EQ(data->test->size(), 2);  // held out, one of each class
}

TEST_F(ImageTableTest, ValidationImagesAreTestedOn) {
  testing::internal::CaptureStderr();
  const auto data = Open(
      "file,class,set\nbelow/0.png,a,train\nbelow/1.png,b,train\nbelow/2.png,a,test\n"
      "below/3.png,b,val\n");
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "rows of train are trained on and those of val tested on; not read: those of test"),
            std::string::npos);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(Listed(*data->test), "below/3.png:1");
}

TEST_F(ImageTableTest, SaysWhatIsWrong) {
  ExpectError("", " is empty");
  ExpectError("name,label\nbelow/0.png,a\n",
              ", line 1: none of its columns is called path, file, filename, file_name, image, "
              "image_path, filepath (the image's file); it has name, label");
  ExpectError("file,kind\nbelow/0.png,a\n",
              ", line 1: none of its columns is called label, class, class_name, category, target "
              "(the class); it has file, kind");
  ExpectError("file,label\nbelow/0.png\n", ", line 2: it has 1 of 2 columns");
  ExpectError("file,label\n\nbelow/0.png,a\n,b\n", ", line 4: it names no file");
  ExpectError("file,label\nbelow/0.png,\n", ", line 2: 'below/0.png' has no class");
  ExpectError("file,label\nbelow/7.png,a\n", ", line 2: there is no file " + Path("below/7.png"));
  ExpectError("file,label\nbelow/0.png,a\nbelow/0.png,b\n",
              ", line 3: 'below/0.png' stands in line 2, too");
  ExpectError("file,label\nbelow/0.png,a\n./below//0.png,b\n",
              ", line 3: './below//0.png' stands in line 2, too");
  ExpectError("file,label,split\nbelow/0.png,a,learn\n",
              ", line 2: 'learn' is no part; known: train, training, trn, val, valid, validation, "
              "test, testing, tst");
  ExpectError("file,label\nbelow/0.png,a\n",
              ": the rows that train have 1 classes; there must be two or more");
  ExpectError(
      "file,label,split\nbelow/0.png,a,train\nbelow/1.png,b,train\nbelow/2.png,c,test\n",
      ": " + Path("below/2.png") + ", which tests, is of the class 'c', of which no row trains");
  ExpectError("file,label\n\"below/0.png,a\n", ", line 2: a quote has no end");
  options_.held_out_file = Path("held_out");
  EXPECT_EQ(Open("file,label,split\nbelow/0.png,a,train\nbelow/1.png,b,train\nbelow/2.png,a,test\n")
                .status()
                .message(),
            absl::StrCat("dataset 'csv': --held_out_file=", Path("held_out"),
                         " chooses test images where there are none, but --data_dir=", folder_,
                         "/ has a part to test on"));
  options_.data_dir = Path("below");
  EXPECT_EQ(Open("").status().message(),
            absl::StrCat("dataset 'csv': --data_dir=", Path("below"),
                         " holds no labels.csv; the table itself may be given, too"));
}

}  // namespace
}  // namespace nap
