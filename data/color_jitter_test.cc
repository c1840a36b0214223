#include "data/color_jitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace nap {
namespace {

using Pixels = std::vector<uint8_t>;

Pixels Colours() {
  Pixels pixels{200, 100, 50, 10, 240, 30, 0, 0, 255, 128, 128, 128, 255, 255, 0, 90, 12, 180};
  RandomStream random({99});
  for (int i = 0; i < 300; ++i) pixels.push_back(static_cast<uint8_t>(random.Below(256)));
  return pixels;
}

Pixels Jittered(const ColorJitter& jitter, uint64_t seed) {
  Pixels pixels = Colours();
  RandomStream random({seed});
  JitterColors(jitter, &random, static_cast<int64_t>(pixels.size() / 3), pixels.data());
  return pixels;
}

double Luma(const Pixels& p, size_t i) {
  return 0.299 * p[i] + 0.587 * p[i + 1] + 0.114 * p[i + 2];
}

// Whether some factor in [1 - x, 1 + x] turns `from` into `to` about the centre that `centre` gives
// for a pixel, to within a grey level.
template <typename Centre>
bool Scaled(const Pixels& from, const Pixels& to, double x, const Centre& centre) {
  for (double factor = 1 - x; factor <= 1 + x; factor += 0.0005) {
    bool fits = true;
    for (size_t i = 0; i < from.size() && fits; ++i) {
      const double middle = centre(i - i % 3);
      const double wanted = std::clamp(middle + factor * (from[i] - middle), 0.0, 255.0);
      fits = std::abs(wanted - to[i]) < 1.4;
    }
    if (fits) return true;
  }
  return false;
}

TEST(ColorJitterTest, ScalesAboutBlackMeanGreyAndOwnGrey) {
  const Pixels from = Colours();
  double mean = 0;
  for (size_t i = 0; i < from.size(); i += 3) mean += Luma(from, i) * 3 / from.size();
  std::set<Pixels> different;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Pixels brightness = Jittered({0.4F, 0, 0, 0}, seed);
    EXPECT_TRUE(Scaled(from, brightness, 0.4, [](size_t) { return 0.0; }));
    const Pixels contrast = Jittered({0, 0.4F, 0, 0}, seed);
    EXPECT_TRUE(Scaled(from, contrast, 0.4, [&](size_t) { return mean; }));
    const Pixels saturation = Jittered({0, 0, 0.4F, 0}, seed);
    EXPECT_TRUE(Scaled(from, saturation, 0.4, [&](size_t i) { return Luma(from, i); }));
    different.insert({brightness, contrast, saturation});
  }
  EXPECT_EQ(different.size(), 60u);
}

// In turns.
double Hue(const Pixels& p, size_t i) {
  const double angle =
      std::atan2(std::sqrt(3.0) * (p[i + 1] - p[i + 2]), 2.0 * p[i] - p[i + 1] - p[i + 2]);
  return angle / (2 * M_PI);
}

// The hexagon's hue: linear between the six corners, as HSV defines it.
double HexagonHue(const Pixels& p, size_t i) {
  const int most = std::max({p[i], p[i + 1], p[i + 2]});
  const int least = std::min({p[i], p[i + 1], p[i + 2]});
  const double sector = std::floor(std::fmod(Hue(p, i) + 1, 1.0) * 6 + 1e-9);
  const int middle = p[i] + p[i + 1] + p[i + 2] - most - least;
  const double part = static_cast<double>(middle - least) / (most - least);
  return (sector + (static_cast<int>(sector) % 2 == 0 ? part : 1 - part)) / 6;
}

TEST(ColorJitterTest, TurnsEveryHueByTheSameAndKeepsValueAndChroma) {
  const Pixels from = Colours();
  double least = 1, most = -1;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Pixels to = Jittered({0, 0, 0, 0.2F}, seed);
    double turn = 9;
    for (size_t i = 0; i < from.size(); i += 3) {
      const int high = std::max({from[i], from[i + 1], from[i + 2]});
      const int low = std::min({from[i], from[i + 1], from[i + 2]});
      EXPECT_EQ(std::max({to[i], to[i + 1], to[i + 2]}), high);
      EXPECT_EQ(std::min({to[i], to[i + 1], to[i + 2]}), low);
      if (high - low < 100) continue;
      double difference = HexagonHue(to, i) - HexagonHue(from, i);
      difference -= std::round(difference);
      if (turn > 1) turn = difference;
      EXPECT_NEAR(difference, turn, 0.004);
    }
    least = std::min(least, turn);
    most = std::max(most, turn);
  }
  EXPECT_GT(least, -0.204);
  EXPECT_LT(least, -0.15);
  EXPECT_LT(most, 0.204);
  EXPECT_GT(most, 0.15);
}

// Of grey pixels the saturation is nothing, and contrast and brightness do not commute.
TEST(ColorJitterTest, TakesTheFourInRandomOrderAndTheSameForTheSameStream) {
  EXPECT_EQ(Jittered({}, 0), Colours());
  std::set<Pixels> results;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    const Pixels result = Jittered({0.4F, 0.4F, 0.4F, 0.2F}, seed);
    EXPECT_EQ(result, Jittered({0.4F, 0.4F, 0.4F, 0.2F}, seed));
    results.insert(result);
  }
  EXPECT_EQ(results.size(), 30u);
}

}  // namespace
}  // namespace nap
