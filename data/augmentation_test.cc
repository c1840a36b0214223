#include "data/augmentation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/random_erasing.h"

namespace nap {
namespace {

constexpr ImageShape kShape{3, 8, 6};

AugmentationOptions Plain() {
  AugmentationOptions options;
  options.mean = {0.25F, 0.5F, 0.75F};
  options.stddev = {0.5F, 0.25F, 0.125F};
  return options;
}

// No two pixels are equal, and none is 0.
std::vector<uint8_t> Pixels() {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < kShape.Size(); ++i) pixels.push_back(static_cast<uint8_t>(i + 1));
  return pixels;
}

std::vector<float> Augmented(const AugmentationOptions& options, uint64_t seed = 0) {
  std::vector<float> out(static_cast<size_t>(kShape.Size()), -1e9F);
  RandomStream random({seed});
  std::vector<uint8_t> pixels = Pixels();
  Augment(options, kShape, pixels.data(), &random, out.data());
  return out;
}

// The pixel value at a place of the output, undoing the normalisation.
int PixelAt(const std::vector<float>& out, int c, int y, int x) {
  const AugmentationOptions options = Plain();
  const float value = out[static_cast<size_t>((y * kShape.width + x) * kShape.channels + c)];
  return static_cast<int>(std::lround((value * options.stddev[c] + options.mean[c]) * 255.0F));
}

int Original(int c, int y, int x) { return (y * kShape.width + x) * kShape.channels + c + 1; }

TEST(AugmentTest, NormalisesIntoChannelsLast) {
  const std::vector<float> out = Augmented(Plain());
  const AugmentationOptions options = Plain();
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        EXPECT_NEAR(out[static_cast<size_t>((y * kShape.width + x) * 3 + c)],
                    (Original(c, y, x) / 255.0 - options.mean[c]) / options.stddev[c], 1e-5);
      }
    }
  }
}

TEST(AugmentTest, TakesEveryCropEquallyOften) {
  AugmentationOptions options = Plain();
  options.crop_padding = 2;
  std::map<std::pair<int, int>, int> counts;
  for (uint64_t seed = 0; seed < 5000; ++seed) {
    const std::vector<float> out = Augmented(options, seed);
    // A pixel of the middle is in every crop: where it went tells the offset.
    const int middle = Original(0, 4, 3);
    int down = 99, right = 99;
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        if (PixelAt(out, 0, y, x) == middle) down = 4 - y, right = 3 - x;
      }
    }
    ++counts[{down, right}];
    // Everything else follows from the offset.
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < kShape.height; ++y) {
        for (int x = 0; x < kShape.width; ++x) {
          const int from_y = y + down, from_x = x + right;
          const bool inside =
              from_y >= 0 && from_y < kShape.height && from_x >= 0 && from_x < kShape.width;
          ASSERT_EQ(PixelAt(out, c, y, x), inside ? Original(c, from_y, from_x) : 0);
        }
      }
    }
  }
  EXPECT_EQ(counts.size(), 25u);
  for (const auto& [offset, count] : counts) {
    EXPECT_LE(std::abs(offset.first), 2);
    EXPECT_LE(std::abs(offset.second), 2);
    EXPECT_NEAR(count, 200, 75);  // more than five standard deviations
  }
}

TEST(AugmentTest, MirrorsHalfOfTheImages) {
  AugmentationOptions options = Plain();
  options.flip = true;
  int mirrored = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const std::vector<float> out = Augmented(options, seed);
    const bool flipped = PixelAt(out, 0, 0, 0) != Original(0, 0, 0);
    mirrored += flipped ? 1 : 0;
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        ASSERT_EQ(PixelAt(out, 1, y, x), Original(1, y, flipped ? kShape.width - 1 - x : x));
      }
    }
  }
  EXPECT_NEAR(mirrored, 500, 80);
}

TEST(AugmentTest, CutsASquareOutAfterNormalisation) {
  AugmentationOptions options = Plain();
  options.cutout = 4;
  const std::vector<float> whole = Augmented(Plain());
  std::set<std::pair<int, int>> centres;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<float> out = Augmented(options, seed);
    int top = 99, bottom = -1, left = 99, right = -1, area = 0;
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        const size_t place = static_cast<size_t>((y * kShape.width + x) * 3);
        if (out[place] == whole[place]) {
          EXPECT_TRUE(
              std::equal(out.begin() + place, out.begin() + place + 3, whole.begin() + place));
          continue;
        }
        EXPECT_TRUE(out[place] == 0 && out[place + 1] == 0 && out[place + 2] == 0);
        top = std::min(top, y), bottom = std::max(bottom, y + 1);
        left = std::min(left, x), right = std::max(right, x + 1);
        ++area;
      }
    }
    // One rectangle, cut off at the borders: from 2 x 2 in a corner to 4 x 4.
    ASSERT_EQ(area, (bottom - top) * (right - left));
    EXPECT_GE(area, 4);
    EXPECT_LE(area, 16);
    // A centre at either border leaves 2 or 3 rows.
    centres.insert({top > 0 ? top + 2 : bottom - 2, left > 0 ? left + 2 : right - 2});
  }
  EXPECT_EQ(centres.size(), 48u);
}

// In the order of crop, flip, cutout, then what RandAugment draws, and erasing at the end.
TEST(AugmentTest, AugmentsAtRandomBeforeTheCropAndErasesAfterIt) {
  AugmentationOptions options = Plain();
  options.rand_augment = {2, 30};
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<uint8_t> pixels = Pixels();
    RandomStream random({seed});
    AugmentRandomly(options.rand_augment, kShape, &random, pixels.data());
    const std::vector<float> out = Augmented(options, seed);
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(PixelAt(out, c, y, x), pixels[(y * kShape.width + x) * 3 + c]);
        }
      }
    }
  }
  options = Plain();
  const std::vector<float> whole = Augmented(options);
  options.erasing = 1;
  std::vector<float> wanted = whole;
  RandomStream random({3});
  EraseRandomly(1, kShape, options.mean, options.stddev, &random, wanted.data());
  EXPECT_NE(wanted, whole);
  EXPECT_EQ(Augmented(options, 3), wanted);
}

TEST(AugmentTest, IsTheSameForTheSameStream) {
  AugmentationOptions options = Plain();
  options.crop_padding = 4;
  options.flip = true;
  options.cutout = 2;
  EXPECT_EQ(Augmented(options, 7), Augmented(options, 7));
  EXPECT_NE(Augmented(options, 7), Augmented(options, 8));
}

}  // namespace
}  // namespace nap
