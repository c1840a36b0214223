#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "data/npy_for_tests.h"
#include "data/open_dataset.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

std::string Bytes(int first, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(first + i));
  return bytes;
}

template <typename T>
std::string Items(const std::vector<T>& numbers) {
  std::string items(numbers.size() * sizeof(T), '\0');
  std::memcpy(items.data(), numbers.data(), items.size());
  return items;
}

class NumpyDatasetTest : public testing::Test {
 protected:
  NumpyDatasetTest() {
    folder_ = testing::TempDir() + "/arrays";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.data_dir = folder_;
  }

  void Write(const std::string& name, const std::string& file) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << file;
  }
  // Four images of 2 x 3 grey pixels, 0 to 5, 6 to 11, ...
  void WriteImages(const std::string& name) {
    Write(name, NpyFile("|u1", "(4, 2, 3)", Bytes(0, 24)));
  }
  void WriteLabels(const std::string& name, const std::vector<int64_t>& labels) {
    Write(name, NpyFile("<i8", absl::StrCat("(", labels.size(), ",)"), Items(labels)));
  }

  absl::StatusOr<DatasetPair> Open() const { return OpenDataset(dataset_, options_); }
  void ExpectError(const std::string& error) const {
    EXPECT_EQ(std::string(Open().status().message()),
              absl::StrCat("dataset '", dataset_, "': ", error));
  }
  static std::vector<int> Pixels(const Dataset& images, int64_t index) {
    std::vector<uint8_t> pixels(static_cast<size_t>(images.shape().Size()));
    EXPECT_TRUE(images.Read(index, nullptr, pixels.data()).ok());
    return {pixels.begin(), pixels.end()};
  }
  static std::vector<int> Labels(const Dataset& images) {
    std::vector<int> labels;
    for (int64_t i = 0; i < images.size(); ++i) labels.push_back(images.Label(i));
    return labels;
  }

  std::string folder_, dataset_ = "numpy";
  DatasetOptions options_;
};

TEST_F(NumpyDatasetTest, ArraysOfOtherNamesAreSaid) {
  WriteImages("Faces.npy");
  WriteLabels("who.npy", {0, 1, 0, 1});
  WriteImages("x_val.npy");
  WriteLabels("y_val.npy", {1, 1, 1, 1});
  WriteImages("others.npy");
  WriteLabels("y_test.npy", {1, 0, 0, 0});
  dataset_ = "numpy:images=faces,labels=who";
  auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(Labels(*data->train), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(Labels(*data->test), (std::vector<int>{1, 1, 1, 1}));
  dataset_ = "numpy:images=faces,labels=who,test_images=others";
  data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(Labels(*data->test), (std::vector<int>{1, 0, 0, 0}));
  dataset_ = "numpy:images=faces,labels=who,test_labels=y_test";
  ExpectError(
      absl::StrCat("--data_dir=", folder_,
                   " has no array test_images, x_test (.npy); it has faces, others, who, x_val, "
                   "y_test, y_val"));
  dataset_ = "numpy:images=faces,labels=whose";
  ExpectError(absl::StrCat("--data_dir=", folder_,
                           " has no array whose (.npy); it has faces, others, "
                           "who, x_val, y_test, y_val"));
  dataset_ = "numpy:images=faces,labels=who,test_images=nobody";
  ExpectError(absl::StrCat("--data_dir=", folder_,
                           " has no array nobody (.npy); it has faces, "
                           "others, who, x_val, y_test, y_val"));
}

TEST_F(NumpyDatasetTest, TestsOnWhatIsCalledValidation) {
  WriteImages("x_train.npy");
  WriteLabels("y_train.npy", {0, 1, 0, 1});
  WriteImages("X_Validation.npy");
  WriteLabels("y_validation.npy", {1, 1, 0, 1});
  const auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(Labels(*data->train), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(Labels(*data->test), (std::vector<int>{1, 1, 0, 1}));
}

TEST_F(NumpyDatasetTest, ReadsTrainingAndTestArrays) {
  WriteImages("X_train.npy");
  WriteLabels("y_train.npy", {10, 2, 10, 2});
  Write("x_test.npy", NpyFile("|u1", "(1, 2, 3)", Bytes(100, 6)));
  WriteLabels("y_test.npy", {10});
  options_.train_size = 3;
  const auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->class_names(), (std::vector<std::string>{"2", "10"}));
  EXPECT_EQ(Labels(*data->train), (std::vector<int>{1, 0, 1}));
  EXPECT_EQ(Labels(*data->test), std::vector<int>{1});
  EXPECT_EQ(data->train->shape().channels, 1);
  EXPECT_EQ(data->train->shape().height, 2);
  EXPECT_EQ(data->train->shape().width, 3);
  EXPECT_EQ(Pixels(*data->train, 1), (std::vector<int>{6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(Pixels(*data->test, 0), (std::vector<int>{100, 101, 102, 103, 104, 105}));
  // Of 0 to 23, the whole of the training array.
  EXPECT_FLOAT_EQ(data->train->mean()[0], 11.5 / 255);
  EXPECT_FLOAT_EQ(data->test->stddev()[0], std::sqrt((24 * 24 - 1) / 12.0) / 255);
}

TEST_F(NumpyDatasetTest, ChannelsComeFirstOrLast) {
  WriteLabels("labels.npy", {0, 0, 1, 1});
  // [4, 2, 2, 3] and the same as [4, 3, 2, 2].
  const std::string last = Bytes(0, 48);
  std::string first;
  for (int i = 0; i < 4; ++i) {
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 4; ++p) first.push_back(static_cast<char>(12 * i + 3 * p + c));
    }
  }
  for (const auto& [shape, items] :
       std::map<std::string, std::string>{{"(4, 2, 2, 3)", last}, {"(4, 3, 2, 2)", first}}) {
    // Axes of 2 and 3: the channels are said to be the shorter ones, so these are 2.
    Write("images.npy", NpyFile("|u1", shape, items));
    const auto data = Open();
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->train->shape().channels, 2);
  }
  // [4, 4, 5, 3] and the same as [4, 3, 4, 5].
  std::string wide_first;
  for (int i = 0; i < 4; ++i) {
    for (int c = 0; c < 3; ++c) {
      for (int p = 0; p < 20; ++p) wide_first.push_back(static_cast<char>(60 * i + 3 * p + c));
    }
  }
  for (const auto& [shape, items] : std::map<std::string, std::string>{
           {"(4, 4, 5, 3)", Bytes(0, 240)}, {"(4, 3, 4, 5)", wide_first}}) {
    Write("images.npy", NpyFile("|u1", shape, items));
    const auto data = Open();
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->train->shape().channels, 3);
    EXPECT_EQ(data->train->shape().height, 4);
    EXPECT_EQ(data->train->shape().width, 5);
    const std::vector<int> pixels = Pixels(*data->train, 0);
    const int image = std::stoi(data->train->ImageName(0).substr(6));
    for (int i = 0; i < 60; ++i) EXPECT_EQ(pixels[i], 60 * image + i) << shape;
  }
  // In Fortran's order: item (i, y, x) at i + 4 y + 8 x.
  Write("images.npy", NpyFile("|u1", "(4, 2, 3)", Bytes(0, 24), "True"));
  const auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  const int image = std::stoi(data->train->ImageName(0).substr(6));
  EXPECT_EQ(Pixels(*data->train, 0),
            (std::vector<int>{image, image + 8, image + 16, image + 4, image + 12, image + 20}));
}

TEST_F(NumpyDatasetTest, NumbersBecomeBytes) {
  WriteLabels("y_train.npy", {0, 1});
  WriteLabels("y_test.npy", {0});
  const auto expect = [&](const std::string& type, const std::string& train,
                          const std::string& test, const std::vector<int>& pixels) {
    Write("x_train.npy", NpyFile(type, "(2, 1, 2)", train));
    Write("x_test.npy", NpyFile(type, "(1, 1, 2)", test));
    const auto data = Open();
    ASSERT_TRUE(data.ok()) << data.status();
    std::vector<int> read = Pixels(*data->train, 0);
    for (const Dataset* images : {data->train.get(), data->test.get()}) {
      const std::vector<int> more = Pixels(*images, images->size() - 1);
      read.insert(read.end(), more.begin(), more.end());
    }
    EXPECT_EQ(read, pixels) << type;
  };
  using Floats = std::vector<float>;
  expect("<f4", Items(Floats{0, 0.5, 0.25, 1}), Items(Floats{0.1F, 2}), {0, 128, 64, 255, 26, 255});
  expect("<f4", Items(Floats{0, 17.4F, 2, 255}), Items(Floats{-1, 3.5}), {0, 17, 2, 255, 0, 4});
  expect("|b1", std::string("\0\1\1\0", 4), std::string("\1\1", 2), {0, 255, 255, 0, 255, 255});
  expect("<u2", Items(std::vector<uint16_t>{0, 7, 1, 255}), Items(std::vector<uint16_t>{300, 1}),
         {0, 7, 1, 255, 255, 1});
  testing::internal::CaptureStderr();
  expect("<f4", Items(Floats{-1, 0, 0.5, 1}), Items(Floats{-2, 0.99F}), {0, 128, 191, 255, 0, 254});
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "x_train.npy has numbers from -1 to 1: that range is divided into 256 steps"),
            std::string::npos);
}

TEST_F(NumpyDatasetTest, LabelsMayBeTexts) {
  WriteImages("images.npy");
  Write("labels.npy", NpyFile("|S3", "(4, 1)", std::string("dogcatcatdog")));
  const auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->class_names(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data->train->size() + data->test->size(), 4);
  EXPECT_EQ(data->test->size(), 2);
}

TEST_F(NumpyDatasetTest, ReadsAnArchive) {
  const std::string path = folder_ + "/medical.npz";
  int error = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE, &error);
  ASSERT_NE(archive, nullptr);
  const std::map<std::string, std::string> parts = {
      {"train_images.npy", NpyFile("|u1", "(400, 2, 3)", std::string(2400, 'x'))},
      {"train_labels.npy",
       NpyFile("|u1", "(400, 1)", std::string(200, '\0') + std::string(200, '\1'))},
      {"val_images.npy", NpyFile("|u1", "(1, 2, 3)", Bytes(0, 6))},
      {"val_labels.npy", NpyFile("|u1", "(1, 1)", "\1")},
      {"test_images.npy", NpyFile("|u1", "(1, 2, 3)", Bytes(6, 6))},
      {"test_labels.npy", NpyFile("|u1", "(1, 1)", "\1")}};
  for (const auto& [name, bytes] : parts) {
    const auto index = zip_file_add(archive, name.c_str(),
                                    zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
    ASSERT_EQ(zip_set_file_compression(archive, index, ZIP_CM_DEFLATE, 9), 0);
  }
  ASSERT_EQ(zip_close(archive), 0);
  options_.data_dir = path;
  testing::internal::CaptureStderr();
  const auto data = Open();
  EXPECT_NE(testing::internal::GetCapturedStderr().find(
                "train_images are trained on and val_images tested on; not read: test_images"),
            std::string::npos);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->train->size(), 400);
  EXPECT_EQ(Pixels(*data->test, 0), (std::vector<int>{0, 1, 2, 3, 4, 5}));

  std::ofstream(path) << "no archive";
  ExpectError("--data_dir=" + path +
              " is neither a folder of .npy files nor an .npz file: it is no whole ZIP archive");
}

TEST_F(NumpyDatasetTest, TestImagesAreNamed) {
  WriteImages("images.npy");
  WriteLabels("labels.npy", {0, 1, 0, 1});
  options_.held_out_file = testing::TempDir() + "/held_out";
  std::ofstream(options_.held_out_file) << "image 2\n";
  const auto data = Open();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->test->size(), 1);
  EXPECT_EQ(data->test->ImageName(0), "image 2");
  EXPECT_EQ(data->train->ImageName(2), "image 3");
}

TEST_F(NumpyDatasetTest, SaysWhatIsWrong) {
  ExpectError("--data_dir=" + folder_ +
              " has no array train_images, x_train, images, x, data (.npy); it has none");
  WriteImages("images.npy");
  ExpectError("--data_dir=" + folder_ +
              " has no array train_labels, y_train, labels, y, targets (.npy); it has images");
  WriteLabels("labels.npy", {0, 1, 1});
  ExpectError(folder_ + "/labels.npy: there are 3 labels of 4 images");
  WriteLabels("labels.npy", {1, 1, 1, 1});
  ExpectError("--data_dir=" + folder_ +
              ": the training images have 1 classes; there must be two or more");
  Write("labels.npy", NpyFile("|u1", "(4, 2)", Bytes(0, 8)));
  ExpectError(folder_ +
              "/labels.npy: it is [4, 2] of uint8; labels are [4] (of a row a class its argmax)");
  Write("labels.npy", NpyFile("<f4", "(4,)", Items(std::vector<float>{0, 1, 0.5, 1})));
  ExpectError(folder_ + "/labels.npy: label 2 is 0.5, not a whole number");
  WriteLabels("labels.npy", {0, 1, 0, 1});
  ASSERT_TRUE(Open().ok());

  options_.image_size = {3, 3};
  ExpectError("--image_size=3: this dataset's images have 2 x 3 pixels");
  options_.image_size = {2, 3};
  ASSERT_TRUE(Open().ok());

  const auto images = [&](const std::string& type, const std::string& shape,
                          const std::string& items, const std::string& error) {
    Write("images.npy", NpyFile(type, shape, items));
    ExpectError(folder_ + "/images.npy: " + error);
  };
  images("|u1", "(4, 6)", Bytes(0, 24),
         "it is [4, 6] of uint8; images are numbers, [N, height, width], [N, height, width, "
         "channels] or [N, channels, height, width]");
  images("|S1", "(4, 2, 3)", Bytes(65, 24),
         "it is [4, 2, 3] of text; images are numbers, [N, height, width], [N, height, width, "
         "channels] or [N, channels, height, width]");
  images("|u1", "(4, 2, 3, 2)", Bytes(0, 48),
         "it is [4, 2, 3, 2] of uint8: which of axis 1 and axis 3 are the channels cannot be told, "
         "since they are of one length");
  images("|u1", "(4, 0, 3)", "",
         "it is [4, 0, 3] of uint8: images of 1 to 4096 pixels a side and 1 to 64 channels are "
         "read");
  images("<f4", "(4, 1, 1)", Items(std::vector<float>{0, 1, std::nanf(""), 1}),
         "item 2 is nan, which is no pixel");

  WriteImages("images.npy");
  Write("test_images.npy", NpyFile("|u1", "(1, 3, 2)", Bytes(0, 6)));
  WriteLabels("test_labels.npy", {0});
  ExpectError("--data_dir=" + folder_ + ": test images are 3 x 2 x 1, those that train 2 x 3 x 1");
  Write("test_images.npy", NpyFile("|u1", "(1, 2, 3)", Bytes(0, 6)));
  WriteLabels("test_labels.npy", {7});
  ExpectError("--data_dir=" + folder_ +
              ": test image 0 has the label 7, which no training image has");
  options_.data_dir = folder_ + "/nothing";
  EXPECT_TRUE(absl::IsNotFound(Open().status())) << Open().status();
}

}  // namespace
}  // namespace nap
