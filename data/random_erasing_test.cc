#include "data/random_erasing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace nap {
namespace {

constexpr float kUntouched = 99;
const std::vector<float> kMean{0.5F, 0.25F}, kStddev{0.25F, 0.125F};

std::vector<float> Erased(double probability, const ImageShape& shape, uint64_t seed) {
  std::vector<float> out(static_cast<size_t>(shape.Size()), kUntouched);
  RandomStream random({seed});
  EraseRandomly(probability, shape, kMean, kStddev, &random, out.data());
  return out;
}

struct Rectangle {
  int top = 99, bottom = 0, left = 99, right = 0, pixels = 0;

  int height() const { return bottom - top; }
  int width() const { return right - left; }
};

Rectangle Find(const ImageShape& shape, const std::vector<float>& out) {
  Rectangle found;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      if (out[static_cast<size_t>((y * shape.width + x) * shape.channels)] == kUntouched) continue;
      found.top = std::min(found.top, y);
      found.bottom = std::max(found.bottom, y + 1);
      found.left = std::min(found.left, x);
      found.right = std::max(found.right, x + 1);
      ++found.pixels;
    }
  }
  return found;
}

TEST(RandomErasingTest, ErasesOneRectangleOfThePapersSizes) {
  const ImageShape shape{2, 40, 60};
  double area_sum = 0;
  Rectangle reach;
  constexpr int kDraws = 2000;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    const Rectangle found = Find(shape, Erased(1, shape, seed));
    ASSERT_EQ(found.pixels, found.height() * found.width()) << "not a rectangle";
    // Sides are rounded to half a pixel.
    const double tall = found.height() + 0.5, short_ = found.height() - 0.5;
    const double wide = found.width() + 0.5, narrow = found.width() - 0.5;
    EXPECT_GE(tall * wide, 0.02 * 2400);
    EXPECT_LE(short_ * narrow, 0.4 * 2400);
    EXPECT_GE(tall / narrow, 0.3);
    EXPECT_LE(short_ / wide, 1 / 0.3);
    area_sum += found.pixels / 2400.0;
    reach.top = std::min(reach.top, found.top);
    reach.left = std::min(reach.left, found.left);
    reach.bottom = std::max(reach.bottom, found.bottom);
    reach.right = std::max(reach.right, found.right);
  }
  // Large ones that are too tall do not fit, so that the mean is somewhat below 0.21.
  EXPECT_GT(area_sum / kDraws, 0.15);
  EXPECT_LT(area_sum / kDraws, 0.21);
  EXPECT_EQ(reach.top, 0);
  EXPECT_EQ(reach.left, 0);
  EXPECT_EQ(reach.bottom, 40);
  EXPECT_EQ(reach.right, 60);
}

// Every byte as often as every other, in each channel.
TEST(RandomErasingTest, FillsWithNormalisedNoise) {
  const ImageShape shape{2, 40, 60};
  std::array<std::array<int, 256>, 2> counts{};
  int values = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::vector<float> out = Erased(1, shape, seed);
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] == kUntouched) continue;
      const size_t c = i % 2;
      const float value = (out[i] * kStddev[c] + kMean[c]) * 255;
      const long byte = std::lround(value);
      ASSERT_NEAR(value, byte, 1e-3);
      ASSERT_GE(byte, 0);
      ASSERT_LE(byte, 255);
      ++counts[c][byte];
      ++values;
    }
  }
  const double wanted = values / 512.0;
  for (const auto& channel : counts) {
    for (const int count : channel) EXPECT_NEAR(count, wanted, 6 * std::sqrt(wanted));
  }
}

TEST(RandomErasingTest, ErasesAsOftenAsItIsToldAndTheSameForTheSameStream) {
  const ImageShape shape{2, 8, 8};
  int erased = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<float> out = Erased(0.25, shape, seed);
    EXPECT_EQ(out, Erased(0.25, shape, seed));
    if (Find(shape, out).pixels > 0) ++erased;
  }
  EXPECT_NEAR(erased, 500, 100);  // five standard deviations
  RandomStream untouched({1});
  EraseRandomly(0, shape, kMean, kStddev, &untouched, nullptr);
  EXPECT_EQ(untouched.Bits(), RandomStream({1}).Bits());
}

// Nothing of the right shape fits into a line, which is left as it is.
TEST(RandomErasingTest, LeavesWhatNothingFitsInto) {
  const ImageShape line{1, 1, 4000};
  const std::vector<float> out = Erased(1, line, 3);
  EXPECT_EQ(Find(line, out).pixels, 0);
}

}  // namespace
}  // namespace nap
