// What each operation computes, against plain loops, and what it costs. What all must keep, their
// gradients too, is in operation_conformance_test.cc.
#include <ATen/ops/from_blob.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>

#include "ops/operation.h"
#include "ops/reference_test_util.h"
#include "ops/residual_block.h"

namespace nap {
namespace {

constexpr int64_t kChannels = 3;

Array4 ToArray(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().contiguous();
  Array4 array(dense.size(0), dense.size(1), dense.size(2), dense.size(3));
  array.values.assign(dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel());
  return array;
}

// The operation's definition in DARTS's words, with weights in the order of parameters().
Array4 Reference(const std::string& name, const Array4& x, const std::vector<Array4>& weights,
                 int64_t stride) {
  const auto depthwise = [&](const Array4& in, const Array4& weight, int64_t step,
                             int64_t dilation) {
    return Convolve(in, weight, {step, step, dilation, kChannels});
  };
  if (name == "none")
    return Array4(x.n, x.c, (x.h + stride - 1) / stride, (x.w + stride - 1) / stride);
  if (name == "max_pool_3x3") return Pool3x3(x, stride, /*maximum=*/true);
  if (name == "avg_pool_3x3") return Pool3x3(x, stride, /*maximum=*/false);
  if (name == "skip_connect") {
    return stride == 1 ? x : FactorizedReduction(Relu(x), weights[0], weights[1]);
  }
  if (name == "conv_7x1_1x7") {
    return Convolve(Convolve(Relu(x), weights[0], {1, stride}), weights[1], {stride, 1});
  }
  if (name.rfind("nor_conv", 0) == 0) return Convolve(Relu(x), weights[0], {stride, stride});
  const bool dilated = name.rfind("dil_conv", 0) == 0;
  const Array4 first =
      Convolve(depthwise(Relu(x), weights[0], stride, dilated ? 2 : 1), weights[1], {});
  if (dilated) return first;
  return Convolve(depthwise(Relu(BatchNorm(first)), weights[2], 1, 1), weights[3], {});
}

// The average of what there is of 2 x 2 pixels.
Array4 Pool2x2(const Array4& x) {
  Array4 y(x.n, x.c, (x.h + 1) / 2, (x.w + 1) / 2);
  for (int64_t i = 0; i < y.n; ++i) {
    for (int64_t c = 0; c < y.c; ++c) {
      for (int64_t row = 0; row < y.h; ++row) {
        for (int64_t column = 0; column < y.w; ++column) {
          double sum = 0;
          int count = 0;
          for (int64_t a = 2 * row; a < std::min(2 * row + 2, x.h); ++a) {
            for (int64_t b = 2 * column; b < std::min(2 * column + 2, x.w); ++b, ++count) {
              sum += x.at(i, c, a, b);
            }
          }
          y.at(i, c, row, column) = sum / count;
        }
      }
    }
  }
  return y;
}

Array4 Sum(Array4 a, const Array4& b) {
  for (size_t i = 0; i < a.values.size(); ++i) a.values[i] += b.values[i];
  return a;
}

// `reference` of the input and the weights in the order of parameters().
using ReferenceFunction = std::function<Array4(const Array4&, const std::vector<Array4>&)>;

void ExpectAgreement(const std::shared_ptr<Operation>& operation, std::pair<int64_t, int64_t> size,
                     const ReferenceFunction& compute) {
  operation->to(at::kDouble);
  const at::Tensor x = at::randn({2, kChannels, size.first, size.second}, at::kDouble)
                           .contiguous(at::MemoryFormat::ChannelsLast);
  std::vector<Array4> weights;
  for (const at::Tensor& parameter : operation->parameters()) {
    weights.push_back(ToArray(parameter));
  }
  const Array4 wanted = compute(ToArray(x), weights);
  const at::Tensor y = operation->Forward(x).detach().contiguous();
  ASSERT_EQ(y.sizes(), (std::vector<int64_t>{wanted.n, wanted.c, wanted.h, wanted.w}));
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    ASSERT_NEAR(wanted.values[i], y.data_ptr<double>()[i], 1e-10) << i;
  }
}

class OperationTest
    : public testing::TestWithParam<std::tuple<std::string, int64_t, std::pair<int64_t, int64_t>>> {
};

TEST_P(OperationTest, AgreesWithTheReference) {
  const auto& [name, stride, size] = GetParam();
  const auto definition = OperationRegistry::Global().Find(name);
  ASSERT_TRUE(definition.ok()) << definition.status();
  at::manual_seed(1);
  ExpectAgreement(
      (*definition)->make({kChannels, stride, /*affine=*/false}), size,
      [name = name, stride = stride](const Array4& x, const std::vector<Array4>& weights) {
        return Reference(name, x, weights, stride);
      });
}

TEST(ResidualBlockTest, AgreesWithTheReference) {
  for (const std::pair<int64_t, int64_t> size : {std::pair(6, 6), std::pair(5, 7)}) {
    at::manual_seed(1);
    ExpectAgreement(std::make_shared<ResidualBlock>(kChannels, 5, /*affine=*/false), size,
                    [](const Array4& x, const std::vector<Array4>& weights) {
                      const Array4 halved = BatchNorm(Convolve(Relu(x), weights[0], {2, 2}));
                      const Array4 kept = BatchNorm(Convolve(Relu(halved), weights[1], {}));
                      return Sum(kept, Convolve(Pool2x2(x), weights[2], {}));
                    });
  }
}

TEST(ResidualBlockTest, CountsTheParametersThatThereAre) {
  const ResidualBlock block(16, 32, /*affine=*/true);
  int64_t count = 0;
  for (const at::Tensor& parameter : block.parameters()) count += parameter.numel();
  // Worked out by hand.
  const int64_t weights = 9 * 16 * 32 + 9 * 32 * 32 + 16 * 32;
  EXPECT_EQ(block.CostAt({31, 32}), (Cost{count, weights * 16 * 16}));
  EXPECT_EQ(count, weights + 2 * 64);
}

INSTANTIATE_TEST_SUITE_P(
    All, OperationTest,
    testing::Combine(testing::Values("none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
                                     "sep_conv_3x3", "sep_conv_5x5", "sep_conv_7x7", "dil_conv_3x3",
                                     "dil_conv_5x5", "conv_7x1_1x7", "nor_conv_1x1",
                                     "nor_conv_3x3"),
                     testing::Values(int64_t{1}, int64_t{2}),
                     testing::Values(std::pair<int64_t, int64_t>{6, 6},
                                     std::pair<int64_t, int64_t>{5, 7},
                                     std::pair<int64_t, int64_t>{1, 3})),
    [](const auto& info) {
      return std::get<0>(info.param) + "_stride" + std::to_string(std::get<1>(info.param)) + "_" +
             std::to_string(std::get<2>(info.param).first) + "by" +
             std::to_string(std::get<2>(info.param).second);
    });

// The figures are DARTS's definitions worked out by hand for 16 channels.
TEST(OperationCostTest, MatchesTheDefinition) {
  const auto cost = [](const std::string& name, int64_t stride, bool affine) {
    return (*OperationRegistry::Global().Find(name))->make({16, stride, affine})->CostAt({32, 31});
  };
  EXPECT_EQ(cost("none", 1, true), (Cost{0, 0}));
  EXPECT_EQ(cost("max_pool_3x3", 2, true), (Cost{0, 0}));
  EXPECT_EQ(cost("skip_connect", 1, true), (Cost{0, 0}));
  EXPECT_EQ(cost("skip_connect", 2, true), (Cost{16 * 16 + 32, 16 * 16 * 16 * 16}));
  EXPECT_EQ(cost("dil_conv_5x5", 1, true),
            (Cost{16 * 25 + 16 * 16 + 32, (16 * 25 + 16 * 16) * 32 * 31}));
  EXPECT_EQ(cost("sep_conv_3x3", 2, true),
            (Cost{2 * (16 * 9 + 16 * 16 + 32), 2 * (16 * 9 + 16 * 16) * 16 * 16}));
  EXPECT_EQ(cost("sep_conv_3x3", 1, false),
            (Cost{2 * (16 * 9 + 16 * 16), 2 * (16 * 9 + 16 * 16) * 32 * 31}));
  EXPECT_EQ(cost("conv_7x1_1x7", 2, true),
            (Cost{2 * 16 * 16 * 7 + 32, 16 * 16 * 7 * (32 * 16 + 16 * 16)}));
  EXPECT_EQ(cost("nor_conv_1x1", 1, true), (Cost{16 * 16 + 32, 16 * 16 * 32 * 31}));
  EXPECT_EQ(cost("nor_conv_3x3", 2, false), (Cost{16 * 16 * 9, 16 * 16 * 9 * 16 * 16}));
}

TEST(OperationRegistryTest, AnswersAnUnknownNameWithTheKnownOnes) {
  const auto found = OperationRegistry::Global().Find("sep_conv_4x4");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(found.status().message(),
            "unknown operation 'sep_conv_4x4'; known: avg_pool_3x3, conv_7x1_1x7, dil_conv_3x3, "
            "dil_conv_5x5, max_pool_3x3, none, nor_conv_1x1, nor_conv_3x3, sep_conv_3x3, "
            "sep_conv_5x5, sep_conv_7x7, skip_connect");
}

}  // namespace
}  // namespace nap
