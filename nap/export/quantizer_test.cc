#include "nap/export/quantizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nap {
namespace {

// By hand: of -1 to 3 a step is 4 / 255, and 0 is 63.75 steps above -1.
TEST(QuantizerTest, CoversARangeAndZero) {
  const struct {
    double low, high;
    float scale;
    int64_t zero_point;
  } cases[] = {{-1, 3, 4.F / 255, 64},       {0.5, 2, 2.F / 255, 0}, {-2, -1, 2.F / 255, 255},
               {-0.25, 0, 0.25F / 255, 255}, {0, 0, 1, 0},           {-1e-40, 1e-40, 1, 0}};
  for (const auto& [low, high, scale, zero_point] : cases) {
    const Quantizer quantizer = CoverRange(low, high);
    EXPECT_FLOAT_EQ(quantizer.scale, scale) << low << " " << high;
    EXPECT_EQ(quantizer.zero_point, zero_point) << low << " " << high;
  }
}

TEST(QuantizerTest, ScalesChannelsByTheirLargestWeight) {
  const at::Tensor weight = at::tensor({1.0F, -2.0F, 0.5F, 0.25F, 0.0F, 0.0F}).reshape({3, 2});
  EXPECT_TRUE(SymmetricScales(weight, 0).allclose(at::tensor({2.0F, 0.5F, 0.0F}) / 127));
  EXPECT_TRUE(SymmetricScales(weight, 1).allclose(at::tensor({1.0F, 2.0F}) / 127));
  // [out, in, height, width]
  EXPECT_TRUE(SymmetricScales(weight.reshape({3, 1, 1, 2}), 0)
                  .allclose(at::tensor({2.0F, 0.5F, 0.0F}) / 127));
}

TEST(QuantizerTest, RangesGrowAndKeepWhatIsNotFinite) {
  NumberRange range;
  range.Widen(at::tensor({1.0F, 2.0F}));
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 2);
  range.Widen(at::tensor({-3.0F, 1.0F}));
  EXPECT_EQ(range.low, -3);
  EXPECT_EQ(range.high, 2);
  EXPECT_TRUE(range.IsFinite());
  for (const float wrong : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    NumberRange other;
    other.Widen(at::tensor({1.0F, wrong}));
    other.Widen(at::tensor({1.0F}));
    EXPECT_FALSE(other.IsFinite()) << wrong;
  }
}

}  // namespace
}  // namespace nap
