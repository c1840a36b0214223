// All datasets conform; and of each promise, one that breaks it is found out.
#include "data/dataset_conformance.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/image_codec.h"
#include "data/memory_dataset.h"
#include "data/npy_for_tests.h"
#include "data/tiny_images_for_tests.h"
#include "nap/base/failures_for_tests.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& path, const std::string& content) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

// `count` images of the label_bytes of their number and of 3,072 bytes of noise.
std::string Records(int64_t count, int label_bytes, uint64_t seed) {
  RandomStream random({seed});
  std::string records;
  for (int64_t i = 0; i < count; ++i) {
    records.append(static_cast<size_t>(label_bytes), static_cast<char>(i % 10));
    for (int b = 0; b < 3072; b += 8) {
      const uint64_t bits = random.Below(uint64_t{1} << 62);
      records.append(reinterpret_cast<const char*>(&bits), 8);
    }
  }
  return records;
}

void WritePicture(const std::string& path, uint64_t seed) {
  RandomStream random({seed});
  std::vector<uint8_t> pixels(size_t{3} * 20 * 24);
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.Below(256));
  Write(path, EncodePng(pixels.data(), {20, 24}, 3));
}

DatasetOptions At(const std::string& folder) {
  DatasetOptions options;
  options.data_dir = folder;
  return options;
}

// Writes a few images of the dataset's kind and says where they are.
using Prepare = std::function<DatasetOptions(const std::string& folder)>;

const std::map<std::string, Prepare>& Preparations() {
  static const auto* const preparations = new std::map<std::string, Prepare>{
      {"built_in",
       [](const std::string&) {
         DatasetOptions options;
         options.train_size = 40;
         return options;
       }},
      {"cifar10",
       [](const std::string& folder) {
         for (int i = 1; i <= 5; ++i) {
           Write(absl::StrCat(folder, "/data_batch_", i, ".bin"), Records(10000, 1, 1));
         }
         Write(folder + "/test_batch.bin", Records(10000, 1, 2));
         return At(folder);
       }},
      {"cifar100",
       [](const std::string& folder) {
         Write(folder + "/train.bin", Records(50000, 2, 1));
         Write(folder + "/test.bin", Records(10000, 2, 2));
         return At(folder);
       }},
      {"csv",
       [](const std::string& folder) {
         std::string table = "file,class\n";
         for (int i = 0; i < 8; ++i) {
           WritePicture(absl::StrCat(folder, "/", i, ".png"), static_cast<uint64_t>(i));
           absl::StrAppend(&table, i, ".png,", i % 2 == 0 ? "even" : "odd", "\n");
         }
         Write(folder + "/labels.csv", table);
         DatasetOptions options = At(folder);
         options.image_size = {16, 16};
         return options;
       }},
      {"image_folder",
       [](const std::string& folder) {
         for (int i = 0; i < 8; ++i) {
           WritePicture(absl::StrCat(folder, i < 6 ? "/train/" : "/val/", i % 2, "/", i, ".png"),
                        static_cast<uint64_t>(i));
         }
         DatasetOptions options = At(folder);
         options.image_size = {16, 16};
         return options;
       }},
      {"numpy",
       [](const std::string& folder) {
         for (const char* part : {"train", "test"}) {
           std::string pixels;
           for (int i = 0; i < 8 * 4 * 6; ++i) pixels += static_cast<char>(i);
           Write(absl::StrCat(folder, "/x_", part, ".npy"), NpyFile("|u1", "(8, 4, 6)", pixels));
           Write(absl::StrCat(folder, "/y_", part, ".npy"),
                 NpyFile("|u1", "(8,)", std::string("\0\1\0\1\0\1\0\1", 8)));
         }
         return At(folder);
       }},
  };
  return *preparations;
}

class DatasetConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(DatasetConformanceTest, Conforms) {
  const auto prepare = Preparations().find(GetParam());
  ASSERT_TRUE(prepare != Preparations().end()) << "no images are prepared for " << GetParam();
  const std::string folder = testing::TempDir() + "/images_of_" + GetParam();
  fs::remove_all(folder);
  ExpectDatasetConforms(GetParam(), prepare->second(folder));
  fs::remove_all(folder);
}

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, DatasetConformanceTest,
                         testing::ValuesIn(DatasetRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

// Sixteen images in memory, but for what a test replaces.
struct Faulty : Dataset {
  std::unique_ptr<Dataset> images = TinyImages(16);
  std::vector<std::string> classes = images->class_names();
  std::vector<float> spread = images->stddev();
  ImageShape size_of_images = images->shape();
  double crop = 1;
  int64_t count = images->size();
  uint32_t sum = images->Checksum();
  std::function<int(int64_t)> label = [this](int64_t i) { return images->Label(i); };
  std::function<std::string(int64_t)> name = [this](int64_t i) { return images->ImageName(i); };
  std::function<absl::Status(int64_t, RandomStream*, uint8_t*)> read =
      [this](int64_t i, RandomStream* random, uint8_t* pixels) {
        return images->Read(i, random, pixels);
      };

  int64_t size() const override { return count; }
  ImageShape shape() const override { return size_of_images; }
  double TestCrop() const override { return crop; }
  const std::vector<std::string>& class_names() const override { return classes; }
  const std::vector<float>& mean() const override { return images->mean(); }
  const std::vector<float>& stddev() const override { return spread; }
  int Label(int64_t i) const override { return label(i); }
  std::string ImageName(int64_t i) const override { return name(i); }
  uint32_t Checksum() const override { return sum; }
  absl::Status Read(int64_t i, RandomStream* random, uint8_t* pixels) const override {
    return read(i, random, pixels);
  }
};

std::string Register(
    const std::function<absl::StatusOr<DatasetPair>(const DatasetOptions&)>& make) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  DatasetRegistry::Global().Register(
      name,
      {"a test's", /*needs_data_dir=*/false,
       [make](const DatasetOptions& options, const ParameterValues&) { return make(options); }});
  return name;
}

// Tiny images as DatasetOptions wants them.
absl::StatusOr<DatasetPair> OpenTiny(const DatasetOptions& options) {
  NAP_RETURN_IF_ERROR(CheckImageSize(options, {3, 8, 8}));
  return DatasetPair{TinyImages(options.train_size > 0 ? options.train_size : 16), TinyImages(8)};
}

void ExpectFoundOf(const std::function<absl::StatusOr<DatasetPair>(const DatasetOptions&)>& make,
                   const std::string& text) {
  const std::string name = Register(make);
  ExpectFailure([&] { ExpectDatasetConforms(name, {}); }, text);
}

// Of a dataset that changes its test images by the number of times that it was opened before.
void ExpectChangeFound(const std::function<void(Faulty* test, int times)>& change,
                       const std::string& text) {
  ExpectFoundOf(
      [change, times = std::make_shared<int>()](const DatasetOptions& options) {
        absl::StatusOr<DatasetPair> pair = OpenTiny(options);
        if (!pair.ok()) return pair;
        auto test = std::make_unique<Faulty>();
        change(test.get(), (*times)++);
        pair->test = std::move(test);
        return pair;
      },
      text);
}

// Of one whose test images are spoilt.
void ExpectFound(const std::function<void(Faulty*)>& spoil, const std::string& text) {
  ExpectChangeFound([spoil](Faulty* test, int /*times*/) { spoil(test); }, text);
}

TEST(FaultyDatasetTest, SoundOnesConform) { ExpectDatasetConforms(Register(OpenTiny), {}); }

TEST(FaultyDatasetTest, WhatItSaysOfImagesIsFound) {
  ExpectFound([](Faulty* f) { f->classes = {"alone"}; }, "nothing to tell apart");
  ExpectFound([](Faulty* f) { f->classes = {"a", "a"}; }, "two classes have one name");
  ExpectFound([](Faulty* f) { f->classes = {"dark", "light"}; }, "the parts have other classes");
  ExpectFound([](Faulty* f) { f->label = [](int64_t i) { return static_cast<int>(i); }; },
              "image 2 has the label 2 of 2 classes");
  ExpectFound([](Faulty* f) { f->name = [](int64_t) { return "it"; }; },
              "two images are called 'it'");
  ExpectFound([](Faulty* f) { f->spread = {0.2F, 0.2F}; }, "of 3 and 2 channels");
  ExpectFound([](Faulty* f) { f->size_of_images.height = 0; }, "images of 0 x 8 x 3");
  ExpectFound(
      [](Faulty* f) {
        f->size_of_images.height = 16;
        f->read = [](int64_t, RandomStream*, uint8_t* pixels) {
          std::fill_n(pixels, 3 * 16 * 8, uint8_t{1});
          return absl::OkStatus();
        };
      },
      "images of other shapes");
  ExpectFound([](Faulty* f) { f->crop = 1.5; }, "TestCrop() is 1.5");
  ExpectFound([](Faulty* f) { f->spread = {0.2F, 0, 0.2F}; }, "channel 1 has the mean");
}

TEST(FaultyDatasetTest, ReadingIsFound) {
  ExpectFound([](Faulty* f) { f->read = [](auto...) { return absl::NotFoundError("gone"); }; },
              "is not read: gone");
  ExpectFound([](Faulty* f) { f->read = [](auto...) { return absl::DataLossError("broken"); }; },
              "no image can be read");
  ExpectFound(
      [](Faulty* f) {
        f->read = [f](int64_t i, RandomStream* random, uint8_t* pixels) {
          pixels[f->shape().Size()] = 1;
          return f->images->Read(i, random, pixels);
        };
      },
      "written beyond");
  ExpectFound(
      [](Faulty* f) {
        f->read = [](int64_t, RandomStream*, uint8_t* pixels) {
          pixels[0] = 1;
          return absl::OkStatus();
        };
      },
      "not read whole");
  ExpectFound(
      [](Faulty* f) {
        f->read = [f, calls = std::make_shared<uint8_t>()](int64_t i, RandomStream* random,
                                                           uint8_t* pixels) {
          const absl::Status status = f->images->Read(i, nullptr, pixels);
          if (random != nullptr) pixels[0] = (*calls)++;
          return status;
        };
      },
      "chance comes from `random` alone");
  ExpectFound(
      [](Faulty* f) {
        f->read = [f, first = std::this_thread::get_id()](int64_t i, RandomStream* random,
                                                          uint8_t* pixels) {
          const absl::Status status = f->images->Read(i, random, pixels);
          if (std::this_thread::get_id() != first) pixels[0] = 0;
          return status;
        };
      },
      "read by several threads");
}

TEST(FaultyDatasetTest, AnotherOneIsFound) {
  ExpectChangeFound(
      [](Faulty* f, int times) {
        if (times == 1) f->sum = 1;
      },
      "opened again: its checksum is another");
  ExpectChangeFound(
      [](Faulty* f, int times) {
        f->read = [f, times](int64_t i, RandomStream* random, uint8_t* pixels) {
          const absl::Status status = f->images->Read(i, random, pixels);
          if (times == 1) pixels[0] = 0;
          return status;
        };
      },
      "opened again: its images are others");
  ExpectChangeFound(
      [](Faulty* f, int times) {
        if (times == 2) f->sum = 1;
      },
      "with fewer images that train: its checksum is another");
}

TEST(FaultyDatasetTest, ParametersAndPlacesAreFound) {
  DatasetRegistry::Global().Register(
      "elsewhere", {"a test's",
                    /*needs_data_dir=*/true,
                    [](const DatasetOptions& options, const ParameterValues& values) {
                      return values.Integer("number") == 0
                                 ? absl::StatusOr<DatasetPair>(absl::NotFoundError("none at all"))
                                 : OpenTiny(options);
                    },
                    {Parameter::Integer("number", 1, 0, "a test's")}});
  DatasetOptions options;
  options.data_dir = "somewhere";
  ExpectFailure([&] { ExpectDatasetConforms("elsewhere", options); },
                "the least value that it allows, 0, does not work");
  ExpectFailure([&] { ExpectDatasetConforms("elsewhere", options); },
                "an error does not name the data_dir");
}

TEST(FaultyDatasetTest, OpeningIsFound) {
  ExpectFoundOf([](const DatasetOptions&) { return absl::NotFoundError("nothing there"); },
                "nothing there");
  ExpectFoundOf(
      [](const DatasetOptions& options) {
        return options.train_size > 0 ? absl::InternalError("too few") : OpenTiny(options);
      },
      "with a train_size it is not opened: ");
  ExpectFoundOf(
      [](const DatasetOptions& options) {
        absl::StatusOr<DatasetPair> pair = OpenTiny(options);
        if (pair.ok() && options.train_size > 0) {
          auto faulty = std::make_unique<Faulty>();
          faulty->name = [](int64_t i) { return absl::StrCat("image ", 15 - i); };
          faulty->count = options.train_size;
          pair->train = std::move(faulty);
        }
        return pair;
      },
      "with a train_size 'image 15' is another image than without");
  ExpectFoundOf(
      [](const DatasetOptions& options) {
        return options.image_size.height > 0 ? absl::InternalError("never") : OpenTiny(options);
      },
      "is refused in other words: ");
  ExpectFoundOf(
      [](const DatasetOptions& options) {
        DatasetOptions all = options;
        all.train_size = 0;
        return OpenTiny(all);
      },
      "train_size is not heeded");
  ExpectFoundOf(
      [](const DatasetOptions& options) {
        DatasetOptions own = options;
        own.image_size = {0, 0};
        return OpenTiny(own);
      },
      "image_size is neither heeded nor refused");
  ExpectFoundOf(
      [size = std::make_shared<int64_t>(16)](const DatasetOptions& options) {
        DatasetOptions other = options;
        other.train_size = (*size)++;
        return OpenTiny(other);
      },
      "opened again: it has other images");
}

}  // namespace
}  // namespace nap
