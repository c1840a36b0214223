#include "nap/relaxation/strength_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/failures_for_tests.h"
#include "nap/relaxation/strength_loss_conformance.h"

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

TEST(StrengthLossTest, Conform) {
  for (const std::string& name : StrengthLossRegistry::Global().Names()) {
    ExpectStrengthLossConforms(name);
  }
}

// One that breaks a promise is found out.
void ExpectFound(decltype(StrengthLoss::loss) faulty, const std::string& text) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  StrengthLossRegistry::Global().Register(
      name, {"", [=](const ParameterValues&) { return StrengthLoss{faulty}; }});
  ExpectFailure([&] { ExpectStrengthLossConforms(name); }, text);
}

TEST(FaultyStrengthLossTest, IsFound) {
  using All = std::vector<Strengths>;
  ExpectFound([](const All&, const at::Tensor& w) { return w * 1; }, "a loss is a scalar");
  ExpectFound([](const All& s, const at::Tensor&) { return s[0].operations.sum().log(); },
              "the loss is not finite");
  ExpectFound([](const All& s, const at::Tensor&) { return s[0].operations.square().sum(); },
              "the strength of an operation that does not live has a say");
  ExpectFound([](const All&, const at::Tensor& w) { return (w * 2 - w.detach()).sum(); },
              "a loss is differentiable");
}

TEST(StrengthLossTest, ThereAreFour) {
  EXPECT_EQ(StrengthLossRegistry::Global().Make("none")->loss, nullptr);
  EXPECT_EQ(StrengthLossRegistry::Global().Names(),
            (std::vector<std::string>{"beta_decay", "l1", "none", "zero_one"}));
}

}  // namespace
}  // namespace nap
