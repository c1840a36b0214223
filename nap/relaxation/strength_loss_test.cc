#include "nap/relaxation/strength_loss.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace nap {
namespace {

const std::vector<double> kWeights = {-0.5, 0.25, 0.75, 1.5};

// Two edges of two operations each, and one of which nothing lives.
std::vector<Strengths> StrengthsOf(const at::Tensor& values) {
  const at::Tensor gone = at::zeros({1, 2}, at::kDouble);
  return {{at::cat({values.view({2, 2}), gone}), at::Tensor(),
           at::cat({at::ones({2, 2}, at::kDouble), gone}), at::Tensor()}};
}

double Loss(const std::string& name, const std::vector<double>& weights) {
  return StrengthLossRegistry::Global()
      .Make(name)
      ->loss(StrengthsOf(at::tensor(weights, at::kDouble)), at::tensor(weights, at::kDouble))
      .item<double>();
}

TEST(StrengthLossTest, AgreeWithTheirFormulas) {
  EXPECT_DOUBLE_EQ(Loss("l1", kWeights), 3.0 / 4);
  EXPECT_DOUBLE_EQ(
      Loss("beta_decay", kWeights),
      (std::log(std::exp(-0.5) + std::exp(0.25)) + std::log(std::exp(0.75) + std::exp(1.5))) / 2);
  EXPECT_DOUBLE_EQ(Loss("zero_one", kWeights), -(1 + 0.0625 + 0.0625 + 1) / 4);
}

TEST(StrengthLossTest, GradientsAreNumericalGradients) {
  for (const std::string& name : StrengthLossRegistry::Global().Names()) {
    if (name == "none") continue;
    const at::Tensor weights = at::tensor(kWeights, at::kDouble).set_requires_grad(true);
    StrengthLossRegistry::Global().Make(name)->loss(StrengthsOf(weights), weights).backward();
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

TEST(StrengthLossTest, ThereAreFour) {
  EXPECT_EQ(StrengthLossRegistry::Global().Make("none")->loss, nullptr);
  EXPECT_EQ(StrengthLossRegistry::Global().Names(),
            (std::vector<std::string>{"beta_decay", "l1", "none", "zero_one"}));
}

}  // namespace
}  // namespace nap
