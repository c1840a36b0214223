#include "nap/relaxation/strength_loss.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace nap {
namespace {

const std::vector<double> kWeights = {-0.5, 0.25, 0.75, 1.5};

double Loss(const std::string& name, const std::vector<double>& weights) {
  const auto& definition = **StrengthLossRegistry::Global().Find(name);
  return definition.loss(at::tensor(weights, at::kDouble)).item<double>();
}

TEST(StrengthLossTest, AgreeWithTheirFormulas) {
  EXPECT_DOUBLE_EQ(Loss("l1", kWeights), 3.0 / 4);
  EXPECT_DOUBLE_EQ(Loss("zero_one", kWeights), -(1 + 0.0625 + 0.0625 + 1) / 4);
}

TEST(StrengthLossTest, GradientsAreNumericalGradients) {
  for (const std::string& name : StrengthLossRegistry::Global().Names()) {
    if (name == "none") continue;
    const at::Tensor weights = at::tensor(kWeights, at::kDouble).set_requires_grad(true);
    (**StrengthLossRegistry::Global().Find(name)).loss(weights).backward();
    for (size_t i = 0; i < kWeights.size(); ++i) {
      std::vector<double> more = kWeights, less = kWeights;
      more[i] += 1e-6;
      less[i] -= 1e-6;
      EXPECT_NEAR(weights.grad()[static_cast<int64_t>(i)].item<double>(),
                  (Loss(name, more) - Loss(name, less)) / 2e-6, 1e-8)
          << name << " " << i;
    }
  }
}

TEST(StrengthLossTest, ThereAreThree) {
  EXPECT_EQ((**StrengthLossRegistry::Global().Find("none")).loss, nullptr);
  EXPECT_EQ(StrengthLossRegistry::Global().Names(),
            (std::vector<std::string>{"l1", "none", "zero_one"}));
}

}  // namespace
}  // namespace nap
