#include "data/dataset_view.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <utility>

#include "data/memory_dataset.h"

namespace nap {
namespace {

using Bytes = std::vector<uint8_t>;

// Two images of a row of three pixels.
std::unique_ptr<Dataset> Images(int channels) {
  MemoryDataset::Description description{{channels, 1, 3}, {"a", "b"}, {}, {}, {}};
  Bytes pixels;
  for (int i = 0; i < 2 * 3 * channels; ++i) pixels.push_back(static_cast<uint8_t>(i * 11));
  for (int i = 0; i < channels; ++i) {
    description.mean.push_back(0.1F * static_cast<float>(i + 1));
    description.stddev.push_back(0.2F);
  }
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::vector<int>{0, 1});
}

Bytes Read(const Dataset& images, int64_t index) {
  Bytes pixels(static_cast<size_t>(images.shape().Size()));
  EXPECT_TRUE(images.Read(index, nullptr, pixels.data()).ok());
  return pixels;
}

TEST(DatasetViewTest, LeavesImagesAsTheyAre) {
  std::unique_ptr<Dataset> images = Images(3);
  const Dataset* const before = images.get();
  EXPECT_EQ(ViewDataset(std::move(images), {})->get(), before);
}

// Pillow 9.4: Image.fromarray(numpy.arange(0, 198, 11, dtype='uint8').reshape(2, 3,
// 3)).convert('L')
TEST(DatasetViewTest, GreyIsPillows) {
  DatasetOptions options;
  options.image_channels = 1;
  const auto images = *ViewDataset(Images(3), options);
  EXPECT_EQ(images->shape().channels, 1);
  EXPECT_EQ(images->shape().width, 3);
  EXPECT_EQ(Read(*images, 0), (Bytes{9, 42, 75}));
  EXPECT_EQ(Read(*images, 1), (Bytes{108, 141, 174}));
  ASSERT_EQ(images->mean().size(), 1u);
  EXPECT_FLOAT_EQ(images->mean()[0], 0.1 * 0.299 + 0.2 * 0.587 + 0.3 * 0.114);
  EXPECT_EQ(images->stddev(), std::vector<float>{0.2F});
  EXPECT_EQ(images->Label(1), 1);
  EXPECT_EQ(images->ImageName(1), "image 1");
}

TEST(DatasetViewTest, ColoursOfGreyAreAllAlike) {
  DatasetOptions options;
  options.image_channels = 3;
  const auto images = *ViewDataset(Images(1), options);
  EXPECT_EQ(Read(*images, 1), (Bytes{33, 33, 33, 44, 44, 44, 55, 55, 55}));
  EXPECT_EQ(images->mean(), std::vector<float>(3, 0.1F));
}

TEST(DatasetViewTest, NormalisesByOtherNumbers) {
  DatasetOptions options;
  options.mean = {0.5F, 0.25F, 0.125F};
  const auto images = *ViewDataset(Images(3), options);
  EXPECT_EQ(images->mean(), options.mean);
  EXPECT_EQ(images->stddev(), std::vector<float>(3, 0.2F));
  EXPECT_EQ(Read(*images, 0), Read(*Images(3), 0));
}

TEST(DatasetViewTest, SaysWhatDoesNotFit) {
  DatasetOptions options;
  options.image_channels = 1;
  EXPECT_EQ(
      ViewDataset(Images(4), options).status().message(),
      "--image_channels=1: the images have 4 channels, and only 3 can be made 1, and 1 made 3");
  options.stddev = {0.5F, 0.5F, 0.5F};
  EXPECT_EQ(ViewDataset(Images(3), options).status().message(),
            "--stddev has 3 numbers, but the images have 1 channel");
}

}  // namespace
}  // namespace nap
