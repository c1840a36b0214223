#include "data/balanced_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "data/loader.h"
#include "data/memory_dataset.h"

namespace nap {
namespace {

// 2 of the first class, 30 of the second, 8 of the third, none of the fourth; a pixel each, which
// is the image's number.
MemoryDataset Images() {
  std::vector<uint8_t> pixels(40);
  std::vector<int> labels(40, 1);
  std::iota(pixels.begin(), pixels.end(), uint8_t{0});
  labels[5] = labels[17] = 0;
  for (int i = 20; i < 28; ++i) labels[i] = 2;
  return {{{1, 1, 1}, {"a", "b", "c", "d"}, {0}, {1}}, pixels, labels};
}

std::vector<int64_t> All(int64_t size) {
  std::vector<int64_t> all(size);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(BalancedOrderTest, ClassesComeEquallyOftenAndImagesInTurns) {
  const MemoryDataset images = Images();
  std::set<std::vector<int64_t>> orders;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random({seed}), again({seed});
    const std::vector<int64_t> order = BalancedOrder(images, All(40), &random);
    EXPECT_EQ(order, BalancedOrder(images, All(40), &again));
    ASSERT_EQ(order.size(), 40u);
    orders.insert(order);
    std::map<int, std::map<int64_t, int>> times;
    for (size_t i = 0; i < order.size(); ++i) ++times[images.Label(order[i])][order[i]];
    // Every three in a row are of three classes.
    for (size_t i = 0; i + 3 <= order.size(); i += 3) {
      std::set<int> labels;
      for (size_t j = i; j < i + 3; ++j) labels.insert(images.Label(order[j]));
      EXPECT_EQ(labels.size(), 3u);
    }
    // Of 13 or 14 times: two images six or seven each, 30 once at most, eight once or twice.
    EXPECT_EQ(times[0].size(), 2u);
    for (const auto& [image, count] : times[0]) EXPECT_TRUE(count == 6 || count == 7) << count;
    for (const auto& [image, count] : times[1]) EXPECT_EQ(count, 1);
    EXPECT_EQ(times[2].size(), 8u);
    for (const auto& [image, count] : times[2]) EXPECT_TRUE(count == 1 || count == 2) << count;
  }
  EXPECT_EQ(orders.size(), 20u);
}

TEST(BalancedOrderTest, TakesNoOtherImages) {
  const MemoryDataset images = Images();
  RandomStream random({1});
  const std::vector<int64_t> order = BalancedOrder(images, {0, 1, 2, 3, 20}, &random);
  ASSERT_EQ(order.size(), 5u);
  for (const int64_t index : order) EXPECT_TRUE(index <= 3 || index == 20);
  EXPECT_GE(std::count(order.begin(), order.end(), 20), 2);
  EXPECT_TRUE(BalancedOrder(images, {}, &random).empty());
}

TEST(BalancedOrderTest, IsTheLoadersOrderAnotherOneEachEpoch) {
  const MemoryDataset images = Images();
  LoaderOptions options;
  options.batch_size = 6;
  options.shuffle = options.balanced = true;
  options.augmentation.mean = {0};
  options.augmentation.stddev = {1};
  Loader loader(&images, All(40), options);
  std::set<std::vector<int64_t>> epochs;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<int64_t> indices;
    loader.StartEpoch(epoch);
    for (Batch batch; loader.Next(&batch);) {
      if (batch.NumImages() < 6) continue;
      std::map<int64_t, int> labels;
      for (int64_t i = 0; i < 6; ++i) ++labels[batch.labels[i].item<int64_t>()];
      EXPECT_EQ(labels, (std::map<int64_t, int>{{0, 2}, {1, 2}, {2, 2}}));
      indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
    }
    epochs.insert(indices);
  }
  EXPECT_EQ(epochs.size(), 3u);
}

}  // namespace
}  // namespace nap
