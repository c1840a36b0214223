#include "nap/model/cell_input.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nap {
namespace {

int64_t NumParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

class CellInputTest : public testing::TestWithParam<std::string> {
 protected:
  const CellInputDefinition& definition() const {
    return **CellInputRegistry::Global().Find(GetParam());
  }
};

TEST_P(CellInputTest, BringsChannelsAndSize) {
  for (const int64_t size : {4, 5}) {
    const int64_t in_channels = definition().is_identity ? 6 : 3;
    const auto input = definition().make({in_channels, 6, /*affine=*/false});
    const CellTerm term = input->Term(1, 4);
    EXPECT_EQ(term.source, 1);
    EXPECT_EQ(term.target, 4);
    const at::Tensor y = term.forward(at::randn({2, in_channels, size, size + 1}));
    const ImageSize output = Strided({size, size + 1}, definition().stride);
    EXPECT_EQ(y.sizes(), (std::vector<int64_t>{2, 6, output.height, output.width}));
  }
}

TEST_P(CellInputTest, CostsItsParameters) {
  const CellInputOptions options{definition().is_identity ? 6 : 3, 6, /*affine=*/true};
  EXPECT_EQ(definition().cost(options, {8, 8}).parameters,
            NumParameters(*definition().make(options)));
}

// What kernels compute has the weights that there are, each once.
TEST_P(CellInputTest, NamesItsWeights) {
  const CellInputOptions options{definition().is_identity ? 6 : 3, 6, /*affine=*/true};
  const auto input = definition().make(options);
  const CellTerm term = input->Term(0, 1);
  int64_t weights = 0;
  for (size_t part = 0; part < term.NumParts(); ++part) {
    for (const at::Tensor& weight : term.Weights(part)) weights += weight.numel();
  }
  EXPECT_EQ(weights, NumParameters(*input));
}

TEST_P(CellInputTest, IsAnIdentityOrNone) {
  const auto stages = definition().make({6, 6, /*affine=*/false})->Term(0, 1).stages;
  EXPECT_EQ(stages.has_value() && stages->empty(), definition().is_identity);
}

INSTANTIATE_TEST_SUITE_P(All, CellInputTest, testing::ValuesIn(CellInputRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

// ReLU, 1 x 1 and 3 x 3 convolutions counted by hand.
TEST(CellInputCostTest, IsByHand) {
  const auto cost = [](const char* kind) {
    return (*CellInputRegistry::Global().Find(kind))->cost({3, 4, /*affine=*/true}, {8, 6});
  };
  EXPECT_EQ(cost(kPointwiseInput), (Cost{3 * 4 + 2 * 4, 3 * 4 * 48}));
  EXPECT_EQ(cost(kFactorizedReduceInput), (Cost{3 * 4 + 2 * 4, 3 * 4 * 12}));
  EXPECT_EQ(cost(kIdentityInput), (Cost{0, 0}));
  const int64_t block = 9 * 3 * 4 + 9 * 4 * 4 + 3 * 4;
  EXPECT_EQ(cost(kResidualBlockInput), (Cost{block + 2 * 2 * 4, block * 12}));
}

}  // namespace
}  // namespace nap
