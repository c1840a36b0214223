#include "data/dataset_conformance.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "data/open_dataset.h"
#include "nap/base/parameters_for_tests.h"

namespace nap {
namespace {

constexpr char kWhere[] = " (Dataset in data/dataset.h)";
constexpr uint8_t kUntouched = 0xa5;
constexpr size_t kMargin = 64;  // bytes around an image that nobody may write to

// Of some images, the first and the last among them.
constexpr int64_t kMostImages = 16;
std::vector<int64_t> SomeOf(const Dataset& images) {
  std::set<int64_t> some;
  const int64_t last = images.size() - 1;
  for (int64_t i = 0; i < kMostImages; ++i) some.insert(last * i / (kMostImages - 1));
  return {some.begin(), some.end()};
}

// Nothing if it is not read, which only a broken image is not.
using Pixels = std::optional<std::vector<uint8_t>>;

// On what is filled with `before`.
Pixels Read(const Dataset& images, int64_t index, RandomStream* random, uint8_t before) {
  const auto size = static_cast<size_t>(images.shape().Size());
  std::vector<uint8_t> bytes(size + 2 * kMargin, kUntouched);
  std::fill_n(bytes.begin() + kMargin, size, before);
  const absl::Status status = images.Read(index, random, bytes.data() + kMargin);
  EXPECT_TRUE(status.ok() || absl::IsDataLoss(status))
      << images.ImageName(index) << " is not read: " << status.message() << kWhere;
  const auto untouched = [](uint8_t byte) { return byte == kUntouched; };
  EXPECT_TRUE(std::all_of(bytes.begin(), bytes.begin() + kMargin, untouched) &&
              std::all_of(bytes.end() - kMargin, bytes.end(), untouched))
      << images.ImageName(index) << " is written beyond shape().Size() bytes" << kWhere;
  if (!status.ok()) return std::nullopt;
  return std::vector<uint8_t>(bytes.begin() + kMargin, bytes.end() - kMargin);
}

// As tests see it.
std::vector<Pixels> Views(const Dataset& images, uint8_t before = 0) {
  std::vector<Pixels> views;
  for (const int64_t i : SomeOf(images)) views.push_back(Read(images, i, nullptr, before));
  return views;
}

// As a training sees it.
std::vector<Pixels> RandomViews(const Dataset& images, uint64_t seed) {
  std::vector<Pixels> views;
  for (const int64_t i : SomeOf(images)) {
    RandomStream random({seed, static_cast<uint64_t>(i)});
    views.push_back(Read(images, i, &random, 0));
  }
  return views;
}

void ExpectNamesConform(const Dataset& images) {
  const std::vector<std::string>& classes = images.class_names();
  EXPECT_GE(classes.size(), 2) << "there is nothing to tell apart" << kWhere;
  EXPECT_EQ(std::set<std::string>(classes.begin(), classes.end()).size(), classes.size())
      << "two classes have one name" << kWhere;
  std::set<std::string> names;
  for (int64_t i = 0; i < images.size(); ++i) {
    const int label = images.Label(i);
    ASSERT_TRUE(label >= 0 && label < images.num_classes())
        << "image " << i << " has the label " << label << " of " << images.num_classes()
        << " classes" << kWhere;
    EXPECT_TRUE(names.insert(images.ImageName(i)).second)
        << "two images are called '" << images.ImageName(i) << "'" << kWhere;
  }
}

void ExpectStatisticsConform(const Dataset& images) {
  const auto channels = static_cast<size_t>(images.shape().channels);
  ASSERT_TRUE(images.mean().size() == channels && images.stddev().size() == channels)
      << "mean and stddev are of " << images.mean().size() << " and " << images.stddev().size()
      << " channels, the images of " << channels << kWhere;
  for (size_t c = 0; c < channels; ++c) {
    // Not a number is neither.
    EXPECT_TRUE(images.mean()[c] >= 0 && images.mean()[c] <= 1 && images.stddev()[c] > 0 &&
                images.stddev()[c] <= 1)
        << "channel " << c << " has the mean " << images.mean()[c] << " and the spread "
        << images.stddev()[c] << "; they are shares of the full range" << kWhere;
  }
}

void ExpectReadingConforms(const Dataset& images) {
  const std::vector<Pixels> views = Views(images);
  EXPECT_TRUE(
      std::any_of(views.begin(), views.end(), [](const Pixels& v) { return v.has_value(); }))
      << "no image can be read" << kWhere;
  EXPECT_EQ(Views(images, /*before=*/255), views)
      << "an image is not read whole, or differs from one reading to the next" << kWhere;
  EXPECT_EQ(RandomViews(images, 1), RandomViews(images, 1))
      << "with the same random numbers an image is another one: chance comes from `random` alone"
      << kWhere;
  constexpr int kThreads = 3;
  std::vector<std::vector<Pixels>> by_thread(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<Pixels>& views_of_thread : by_thread) {
    threads.emplace_back([&] { views_of_thread = Views(images); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<Pixels>& views_of_thread : by_thread) {
    EXPECT_EQ(views_of_thread, views) << "read by several threads, images are others" << kWhere;
  }
}

// Whether images have a shape, without which there is no more to be expected.
bool ExpectPartConforms(const Dataset& images) {
  const ImageShape shape = images.shape();
  if (shape.channels < 1 || shape.height < 1 || shape.width < 1) {
    ADD_FAILURE() << "images of " << shape.height << " x " << shape.width << " x " << shape.channels
                  << kWhere;
    return false;
  }
  EXPECT_TRUE(images.TestCrop() > 0 && images.TestCrop() <= 1)
      << "TestCrop() is " << images.TestCrop() << ", not a share" << kWhere;
  ExpectNamesConform(images);
  ExpectStatisticsConform(images);
  ExpectReadingConforms(images);
  return true;
}

void ExpectSame(const Dataset& a, const Dataset& b, const std::string& when) {
  EXPECT_EQ(a.size(), b.size()) << when << ": it has other images" << kWhere;
  if (a.size() != b.size()) return;
  EXPECT_EQ(a.class_names(), b.class_names()) << when << ": it has other classes" << kWhere;
  EXPECT_EQ(a.Checksum(), b.Checksum()) << when << ": its checksum is another" << kWhere;
  EXPECT_EQ(Views(a), Views(b)) << when << ": its images are others" << kWhere;
}

// Each image of `fewer` is one of `all`.
void ExpectSomeOf(const Dataset& fewer, const Dataset& all) {
  std::map<std::string, int64_t> numbers;
  for (int64_t i = 0; i < all.size(); ++i) numbers[all.ImageName(i)] = i;
  for (const int64_t i : SomeOf(fewer)) {
    const auto same = numbers.find(fewer.ImageName(i));
    EXPECT_TRUE(same != numbers.end() && fewer.Label(i) == all.Label(same->second) &&
                Read(fewer, i, nullptr, 0) == Read(all, same->second, nullptr, 0))
        << "with a train_size '" << fewer.ImageName(i)
        << "' is another image than without (DatasetOptions in data/dataset.h)";
  }
}

void ExpectOptionsConform(const std::string& text, const DatasetOptions& options,
                          const DatasetPair& pair) {
  constexpr char kOptions[] = " (DatasetOptions in data/dataset.h)";
  DatasetOptions fewer = options;
  fewer.train_size = std::max<int64_t>(1, pair.train->size() / 2);
  if (auto made = OpenDataset(text, fewer); made.ok()) {
    EXPECT_EQ(made->train->size(), fewer.train_size) << "train_size is not heeded" << kOptions;
    ExpectSomeOf(*made->train, *pair.train);
    ExpectSame(*made->test, *pair.test, "with fewer images that train");
  } else {
    ADD_FAILURE() << "with a train_size it is not opened: " << made.status().message() << kOptions;
  }
  const ImageShape shape = pair.train->shape();
  DatasetOptions larger = options;
  larger.image_size = {shape.height + 3, shape.width + 5};
  const auto made = OpenDataset(text, larger);
  if (made.ok()) {
    const ImageShape now = made->train->shape();
    EXPECT_TRUE(now.height == shape.height + 3 && now.width == shape.width + 5)
        << "image_size is neither heeded nor refused (CheckImageSize)" << kOptions;
  } else {
    EXPECT_NE(made.status().message().find("image_size"), absl::string_view::npos)
        << "an image_size that it does not read is refused in other words: "
        << made.status().message() << kOptions;
  }
}

}  // namespace

void ExpectDatasetConforms(const std::string& text, const DatasetOptions& options) {
  SCOPED_TRACE(absl::StrCat("dataset ", text));
  const auto pair = OpenDataset(text, options);
  ASSERT_TRUE(pair.ok()) << pair.status().message();
  for (const auto& [images, part] :
       {std::pair(pair->train.get(), "train"), std::pair(pair->test.get(), "test")}) {
    SCOPED_TRACE(absl::StrCat("images to ", part, " on"));
    if (!ExpectPartConforms(*images)) return;
  }
  EXPECT_EQ(pair->train->class_names(), pair->test->class_names())
      << "the parts have other classes" << kWhere;
  EXPECT_EQ(pair->train->shape().Size(), pair->test->shape().Size())
      << "the parts have images of other shapes" << kWhere;
  const auto again = OpenDataset(text, options);
  ASSERT_TRUE(again.ok()) << "it is not opened again: " << again.status().message();
  ExpectSame(*again->train, *pair->train, "opened again");
  ExpectSame(*again->test, *pair->test, "opened again");
  ExpectOptionsConform(text, options, *pair);

  const auto [name, given] = SplitName(text);
  const auto with = [&, name = name](const std::string& parameters) {
    return OpenDataset(WithParameters(name, parameters), options).status();
  };
  const DatasetDefinition& definition = **DatasetRegistry::Global().Find(name);
  ExpectParametersConform(definition.parameters, given, with,
                          [&](const std::string& parameters) { return with(parameters).ok(); });
  if (definition.needs_data_dir) {
    DatasetOptions nowhere = options;
    nowhere.data_dir = "no/such/folder";
    EXPECT_NE(OpenDataset(text, nowhere).status().message().find(nowhere.data_dir),
              absl::string_view::npos)
        << "an error does not name the data_dir that is not there (DatasetDefinition::make in "
           "data/dataset.h)";
  }
}

}  // namespace nap
