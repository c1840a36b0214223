#include "data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>

#include "data/memory_dataset.h"

namespace nap {
namespace {

// Image i is i everywhere, and its label is i.
std::unique_ptr<Dataset> Numbered(int size) {
  MemoryDataset::Description description{{1, 4, 3}, {}, {0.0F}, {1.0F}};
  description.class_names.resize(size);
  std::vector<uint8_t> pixels;
  std::vector<int> labels;
  for (int i = 0; i < size; ++i) {
    labels.push_back(static_cast<int>(i));
    pixels.insert(pixels.end(), 12, static_cast<uint8_t>(i));
  }
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::move(labels));
}

LoaderOptions Options(int64_t batch_size, bool shuffle) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.shuffle = shuffle;
  options.seed = 5;
  options.augmentation.mean = {0.0F};
  options.augmentation.stddev = {1.0F / 255.0F};
  return options;
}

std::vector<int64_t> Range(int64_t size) {
  std::vector<int64_t> indices(static_cast<size_t>(size));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::vector<Batch> Epoch(Loader* loader, int64_t epoch, int64_t first_batch = 0) {
  loader->StartEpoch(epoch, first_batch);
  std::vector<Batch> batches;
  for (Batch batch; loader->Next(&batch);) batches.push_back(batch);
  return batches;
}

std::vector<int64_t> Labels(const std::vector<Batch>& batches) {
  std::vector<int64_t> labels;
  for (const Batch& batch : batches) {
    const int64_t* first = batch.labels.data_ptr<int64_t>();
    labels.insert(labels.end(), first, first + batch.labels.numel());
  }
  return labels;
}

TEST(LoaderTest, GivesEachImageOnceWithItsLabel) {
  const auto dataset = Numbered(10);
  Loader loader(dataset.get(), Range(10), Options(4, false));
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  const std::vector<Batch> batches = Epoch(&loader, 0);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(Labels(batches), Range(10));
  EXPECT_EQ(batches[0].images.sizes(), (std::vector<int64_t>{4, 1, 4, 3}));
  EXPECT_EQ(batches[2].images.size(0), 2);
  for (const Batch& batch : batches) {
    EXPECT_TRUE(batch.images.is_contiguous(at::MemoryFormat::ChannelsLast));
    for (int64_t i = 0; i < batch.images.size(0); ++i) {
      EXPECT_FLOAT_EQ(batch.images[i][0][3][2].item<float>(),
                      static_cast<float>(batch.labels[i].item<int64_t>()));
    }
  }
}

TEST(LoaderTest, DropsALastBatchThatIsNotFull) {
  const auto dataset = Numbered(10);
  LoaderOptions options = Options(4, false);
  options.drop_last = true;
  Loader loader(dataset.get(), Range(10), options);
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  EXPECT_EQ(Labels(Epoch(&loader, 0)), Range(8));
}

TEST(LoaderTest, ShufflesByEpoch) {
  const auto dataset = Numbered(40);
  Loader loader(dataset.get(), Range(40), Options(8, true));
  std::vector<int64_t> first = Labels(Epoch(&loader, 0)), second = Labels(Epoch(&loader, 1));
  EXPECT_NE(first, second);
  EXPECT_NE(first, Range(40));
  EXPECT_EQ(Labels(Epoch(&loader, 0)), first);
  std::sort(second.begin(), second.end());
  EXPECT_EQ(second, Range(40));
}

// Neither the threads, the prefetch nor where an epoch is entered changes what a batch is.
TEST(LoaderTest, DependsOnSeedAndEpochAlone) {
  const auto dataset = Numbered(30);
  LoaderOptions options = Options(4, true);
  options.augmentation.crop_padding = 2;
  options.augmentation.flip = true;
  options.augmentation.cutout = 2;
  Loader loader(dataset.get(), Range(30), options);
  const std::vector<Batch> expected = Epoch(&loader, 3);
  const auto expect_same = [&](const std::vector<Batch>& batches, size_t first) {
    ASSERT_EQ(batches.size(), expected.size() - first);
    for (size_t i = 0; i < batches.size(); ++i) {
      EXPECT_TRUE(batches[i].images.equal(expected[first + i].images));
      EXPECT_TRUE(batches[i].labels.equal(expected[first + i].labels));
    }
  };
  for (int workers = 2; workers <= 4; ++workers) {
    options.workers = workers;
    Loader parallel(dataset.get(), Range(30), options);
    for (int64_t first_batch = 0; first_batch <= 8; ++first_batch) {
      expect_same(Epoch(&parallel, 3, first_batch), static_cast<size_t>(first_batch));
    }
  }
  options.workers = 1;
  options.prefetch = 1;
  Loader slow(dataset.get(), Range(30), options);
  expect_same(Epoch(&slow, 3), 0);
  for (int64_t first_batch = 0; first_batch <= 8; ++first_batch) {
    expect_same(Epoch(&slow, 3, first_batch), static_cast<size_t>(first_batch));
  }
  options.seed = 6;
  Loader other(dataset.get(), Range(30), options);
  EXPECT_NE(Labels(Epoch(&other, 3)), Labels(expected));
}

TEST(LoaderTest, CanBeLeftInMidEpoch) {
  const auto dataset = Numbered(40);
  for (int round = 0; round < 50; ++round) {
    LoaderOptions options = Options(2, true);
    options.workers = 1 + round % 4;
    Loader loader(dataset.get(), Range(40), options);
    Batch batch;
    loader.StartEpoch(0);
    for (int i = 0; i < round % 7; ++i) ASSERT_TRUE(loader.Next(&batch));
    loader.StartEpoch(1);
    ASSERT_TRUE(loader.Next(&batch));
  }
  // Asked before any epoch began, or without an image.
  Loader idle(dataset.get(), Range(40), Options(2, true));
  Batch batch;
  EXPECT_FALSE(idle.Next(&batch));
  Loader empty(dataset.get(), {}, Options(2, true));
  EXPECT_TRUE(Epoch(&empty, 0).empty());
}

// Images 1, 6 and 7 are broken, 5 ends the work.
class BrokenDataset final : public Dataset {
 public:
  explicit BrokenDataset(bool throws) : throws_(throws) {}

  int64_t size() const override { return 8; }
  ImageShape shape() const override { return {1, 4, 3}; }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::vector<float>& mean() const override { return mean_; }
  const std::vector<float>& stddev() const override { return mean_; }
  int Label(int64_t index) const override { return static_cast<int>(index); }
  absl::Status Read(int64_t index, RandomStream* /*random*/, uint8_t* pixels) const override {
    if (index == 5 && throws_) throw std::runtime_error("image 5 is broken");
    if (index == 5) return absl::FailedPreconditionError("image 5 is broken");
    if (index == 1 || index >= 6) return absl::DataLossError("left out");
    std::fill_n(pixels, 12, static_cast<uint8_t>(index));
    return absl::OkStatus();
  }

 private:
  const bool throws_;
  std::vector<std::string> names_{"a", "b"};
  std::vector<float> mean_{1.0F};
};

TEST(LoaderTest, HandsOnWhatTheDatasetThrewOnceAndItsErrors) {
  for (const bool throws : {true, false}) {
    const BrokenDataset dataset(throws);
    for (const int workers : {1, 3}) {
      LoaderOptions options = Options(2, false);
      options.workers = workers;
      Loader loader(&dataset, Range(8), options);
      for (int round = 0; round < 2; ++round) {
        loader.StartEpoch(0);
        Batch batch;
        EXPECT_TRUE(loader.Next(&batch));
        EXPECT_TRUE(loader.Next(&batch));
        EXPECT_THROW(loader.Next(&batch), std::runtime_error);
        EXPECT_FALSE(loader.Next(&batch));
      }
    }
  }
}

TEST(LoaderTest, LeavesBrokenImagesOutAndCountsThem) {
  const BrokenDataset dataset(false);
  Loader loader(&dataset, {3, 1, 2, 6, 7, 4, 6, 1, 0, 2}, Options(3, false));
  for (int round = 0; round < 2; ++round) {
    const std::vector<Batch> batches = Epoch(&loader, 0);
    // The third batch (6, 1, 0) keeps one image.
    ASSERT_EQ(batches.size(), 4u);
    EXPECT_EQ(Labels(batches), (std::vector<int64_t>{3, 2, 4, 0, 2}));
    EXPECT_EQ(batches[0].images.sizes(), (std::vector<int64_t>{2, 1, 4, 3}));
    EXPECT_TRUE(batches[0].images.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_EQ(batches[0].images[1][0][0][0].item<float>(), 2);
    EXPECT_EQ(batches[0].indices, (std::vector<int64_t>{3, 2}));
    EXPECT_EQ(batches[2].indices, (std::vector<int64_t>{0}));
    EXPECT_EQ(loader.broken_images(), 5);
  }
  // A batch of broken images only is passed over.
  Loader gap(&dataset, {0, 2, 6, 7, 3, 4, 1, 6}, Options(2, false));
  EXPECT_EQ(Labels(Epoch(&gap, 0)), (std::vector<int64_t>{0, 2, 3, 4}));
  EXPECT_EQ(gap.broken_images(), 4);
  EXPECT_TRUE(Epoch(&gap, 0, 3).empty());
}

}  // namespace
}  // namespace nap
