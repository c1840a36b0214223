#include "nap/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace nap {
namespace {

std::vector<uint64_t> FirstBits(RandomStream random) {
  return {random.Bits(), random.Bits(), random.Bits()};
}

// The golden values come from a second implementation of SplitMix64's finaliser and of the 64-bit
// Mersenne twister, which was checked against the C++ standard's 10000th number.
TEST(RandomTest, BitsAreTheMersenneTwistersOfTheMixedKeys) {
  EXPECT_EQ(FirstBits(RandomStream({0})),
            (std::vector<uint64_t>{0x8467d2cbe0ecfc0d, 0x701d3504ed642638, 0xb8871a76e860900b}));
  EXPECT_EQ(FirstBits(RandomStream({1, 2, 3})),
            (std::vector<uint64_t>{0x2425a6c7d032d83e, 0xd399228f728e6356, 0x4c1e9438a32f5156}));
  EXPECT_EQ(FirstBits(RandomStream({3, 2, 1})),
            (std::vector<uint64_t>{0x75a5e536acbc6e11, 0x456a1731faf73656, 0x7411f041d44d81ac}));
  EXPECT_EQ(FirstBits(RandomStream({UINT64_MAX})),
            (std::vector<uint64_t>{0x03a44c209fbc907d, 0xc03db7b125a5a3d0, 0xaaea9a89af3aae60}));
}

TEST(RandomTest, UniformIsTheUpper53Bits) {
  RandomStream random({42});
  EXPECT_EQ(random.Uniform(), 0x1.5ffafff5257cep-1);
  EXPECT_EQ(random.Uniform(), 0x1.5b7f16165f7f2p-1);
  EXPECT_EQ(random.Uniform(), 0x1.3a5d424000db0p-5);
  RandomStream again({42});
  EXPECT_EQ(again.Uniform(-1, 1), 0x1.7febffd495f38p-2);
  EXPECT_EQ(again.Uniform(-1, 1), 0x1.6dfc58597dfc8p-2);
  EXPECT_EQ(again.Uniform(-1, 1), -0x1.d8b457b7ffe4ap-1);
}

TEST(RandomTest, BelowScalesUniform) {
  RandomStream random({42, 7});
  for (int64_t expected : {7, 7, 5, 5, 0, 2, 3, 8, 8, 8, 3, 1}) {
    EXPECT_EQ(random.Below(10), expected);
  }
  RandomStream large({5});
  EXPECT_EQ(large.Below(1'000'000'000'000'000), 940'427'027'576'740);
  EXPECT_EQ(large.Below(1'000'000'000'000'000), 805'486'798'267'358);
}

TEST(RandomTest, PermutationIsFisherYatesFromTheEnd) {
  EXPECT_EQ(RandomStream({2022}).Permutation(10),
            (std::vector<int64_t>{2, 6, 1, 3, 0, 4, 7, 5, 8, 9}));
  EXPECT_TRUE(RandomStream({2022}).Permutation(0).empty());
  EXPECT_EQ(RandomStream({2022}).Permutation(1), std::vector<int64_t>{0});
}

TEST(RandomTest, ShuffleMovesAnyItems) {
  std::vector<int64_t> items = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  RandomStream({2022}).Shuffle(items);
  EXPECT_EQ(items, RandomStream({2022}).Permutation(10));
}

TEST(RandomTest, NeighbouringKeysGiveDifferentStreams) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    first.insert(RandomStream({seed}).Bits());
    for (uint64_t epoch = 0; epoch < 20; ++epoch) {
      first.insert(RandomStream({seed, epoch}).Bits());
      for (uint64_t image = 0; image < 20; ++image) {
        first.insert(RandomStream({seed, epoch, image}).Bits());
      }
    }
  }
  EXPECT_EQ(first.size(), 20u + 20 * 20 + 20 * 20 * 20);
}

// The limits are six standard deviations; the seeds are fixed, so the tests cannot fail by chance.
TEST(RandomTest, UniformHasTheRightMeanAndVariance) {
  constexpr int kDraws = 100'000;
  RandomStream random({1});
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    squares += (value - 0.5) * (value - 0.5);
  }
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 6 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, 6 * std::sqrt(1.0 / 180 / kDraws));
}

// The first draws of streams whose keys count up: how data augmentation uses them.
TEST(RandomTest, FirstDrawsOfNeighbouringStreamsAreUniform) {
  constexpr int kStreams = 20'000;
  std::array<int, 10> counts{};
  double product = 0;
  for (uint64_t image = 0; image < kStreams; ++image) {
    ++counts[RandomStream({1, 0, image}).Below(10)];
    product += (RandomStream({1, 0, image}).Uniform() - 0.5) *
               (RandomStream({1, 0, image + 1}).Uniform() - 0.5);
  }
  for (int count : counts) EXPECT_NEAR(count, kStreams / 10, 6 * std::sqrt(kStreams * 0.09));
  EXPECT_NEAR(product / kStreams, 0, 6.0 / 12 / std::sqrt(kStreams));
}

TEST(RandomTest, EveryPermutationIsAsLikely) {
  constexpr int kDraws = 24'000;
  RandomStream random({3});
  std::array<int, 256> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const std::vector<int64_t> order = random.Permutation(4);
    ++counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]];
  }
  int seen = 0;
  for (int count : counts) {
    if (count == 0) continue;
    ++seen;
    EXPECT_NEAR(count, kDraws / 24, 6 * std::sqrt(kDraws / 24.0));
  }
  EXPECT_EQ(seen, 24);
}

}  // namespace
}  // namespace nap
