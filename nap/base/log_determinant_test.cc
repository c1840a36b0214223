#include "nap/base/log_determinant.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

TEST(LogDeterminantTest, IsTheLogarithmOfTheDeterminant) {
  EXPECT_DOUBLE_EQ(LogDeterminant({5}), std::log(5));
  EXPECT_NEAR(LogDeterminant({4, 2, 2, 3}), std::log(8), 1e-14);
  // 4 * (5 * 6 - 1) - 2 * (12 - 1) + (2 - 5) = 91
  EXPECT_NEAR(LogDeterminant({4, 2, 1, 2, 5, 1, 1, 1, 6}), std::log(91), 1e-14);
}

TEST(LogDeterminantTest, PlusOneIsOnTheDiagonal) {
  EXPECT_EQ(LogDeterminantPlusOne({3, 2, 2, 2}), LogDeterminant({4, 2, 2, 3}));
  EXPECT_DOUBLE_EQ(LogDeterminantPlusOne({7, 7, 7, 7}), std::log(15));
}

TEST(LogDeterminantTest, DoesNotOverflow) {
  constexpr int kSize = 200;
  std::vector<double> matrix(kSize * kSize);
  for (int i = 0; i < kSize; ++i) matrix[i * kSize + i] = 1e9;
  EXPECT_NEAR(LogDeterminant(matrix), kSize * std::log(1e9), 1e-8);
}

TEST(LogDeterminantTest, IsNoNumberOfAnotherMatrix) {
  EXPECT_TRUE(std::isnan(LogDeterminant({1, 2, 2, 1})));
}

}  // namespace
}  // namespace nap
