#include "nap/base/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

TEST(StatisticsTest, AreThoseOfASample) {
  EXPECT_EQ(StatisticsOf({3}).mean, 3);
  EXPECT_FALSE(StatisticsOf({3}).spread.has_value());
  const Statistics statistics = StatisticsOf({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(statistics.mean, 5);
  EXPECT_DOUBLE_EQ(*statistics.spread, std::sqrt(32. / 7));
  EXPECT_EQ(*StatisticsOf({0.5, 0.5}).spread, 0);
}

TEST(StatisticsTest, EqualValuesShareTheirRanks) {
  EXPECT_EQ(RanksOf({10, 30, 20, 30, 5}), (std::vector<double>{2, 4.5, 3, 4.5, 1}));
}

// Hours of television against IQ, the example that textbooks give: -29/165.
TEST(StatisticsTest, SpearmanIsTheTextbooks) {
  EXPECT_NEAR(SpearmanCorrelation({106, 100, 86, 101, 99, 103, 97, 113, 112, 110},
                                  {7, 27, 2, 50, 28, 29, 20, 12, 6, 17}),
              -29. / 165, 1e-12);
}

TEST(StatisticsTest, CorrelationsKnowOrderOnly) {
  const std::vector<double> rises = {0, 1, 2, 3};
  EXPECT_DOUBLE_EQ(SpearmanCorrelation(rises, {-4, 0, 1e9, 2e9}), 1);
  EXPECT_DOUBLE_EQ(KendallCorrelation(rises, {-4, 0, 1e9, 2e9}), 1);
  EXPECT_DOUBLE_EQ(SpearmanCorrelation(rises, {3, 2, 1, 0}), -1);
  EXPECT_DOUBLE_EQ(KendallCorrelation(rises, {3, 2, 1, 0}), -1);
}

// Of six pairs four agree, one is a tie in `a`, one in `b`.
TEST(StatisticsTest, KendallTreatsTiesAsTauB) {
  EXPECT_DOUBLE_EQ(KendallCorrelation({1, 2, 2, 3}, {1, 3, 2, 3}), 4. / 5);
}

TEST(StatisticsTest, NothingCorrelatesWithWhatIsAllTheSame) {
  EXPECT_TRUE(std::isnan(SpearmanCorrelation({1, 2, 3}, {5, 5, 5})));
  EXPECT_TRUE(std::isnan(KendallCorrelation({1, 2, 3}, {5, 5, 5})));
}

TEST(StatisticsTest, IntervalIsNearTheNormalOne) {
  std::vector<double> a, b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(3 + (i % 2 == 0 ? 1 : -1));
    b.push_back(1 + (i % 4 < 2 ? 2 : -2));
  }
  // The standard error of the difference is sqrt(1 / 100 + 4 / 100).
  const Interval interval = BootstrapDifference(a, b);
  EXPECT_NEAR(interval.low, 2 - 1.96 * std::sqrt(0.05), 0.03);
  EXPECT_NEAR(interval.high, 2 + 1.96 * std::sqrt(0.05), 0.03);
}

TEST(StatisticsTest, IntervalOfEqualValuesIsAPoint) {
  const Interval interval = BootstrapDifference({2, 2, 2}, {1.5});
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

TEST(StatisticsTest, SpearmansIntervalIsAroundIt) {
  std::vector<double> a, b;
  for (int i = 0; i < 60; ++i) {
    a.push_back(i);
    b.push_back(i + 20 * std::sin(i));
  }
  const Interval interval = BootstrapSpearman(a, b);
  const double value = SpearmanCorrelation(a, b);
  EXPECT_LT(interval.low, value);
  EXPECT_GT(interval.high, value);
  EXPECT_LT(interval.high - interval.low, 0.3);
  EXPECT_EQ(BootstrapSpearman(a, a).low, 1);
}

}  // namespace
}  // namespace nap
