#include "nap/relaxation/relaxation.h"

#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

const RelaxationDefinition& Relaxation(const std::string& name) {
  return **RelaxationRegistry::Global().Find(name);
}

// By hand, in double precision.
double Expected(const std::string& name, const at::Tensor& strengths, const at::Tensor& living,
                int edge, int operation) {
  const auto strength = [&](int k) { return strengths[edge][k].item<double>(); };
  const auto lives = [&](int k) { return living[edge][k].item<double>() != 0; };
  if (!lives(operation)) return 0;
  if (name == "unnormalized") return strength(operation);
  if (name == "sigmoid") return 1 / (1 + std::exp(-strength(operation)));
  double sum = 0;
  for (int k = 0; k < strengths.size(1); ++k) sum += lives(k) ? std::exp(strength(k)) : 0;
  return std::exp(strength(operation)) / sum;
}

class RelaxationTest : public testing::TestWithParam<std::string> {};

TEST_P(RelaxationTest, AgreesWithItsFormulaAndNumericalGradients) {
  at::manual_seed(3);
  at::Tensor living = at::rand({5, 4}, at::kDouble).gt(0.4).to(at::kDouble);
  living[2].fill_(0);  // an edge that lost everything
  living[3].fill_(1);
  const at::Tensor strengths = at::randn({5, 4}, at::kDouble).set_requires_grad(true);
  const at::Tensor direction = at::randn({5, 4}, at::kDouble);
  const auto& mixing_weights = Relaxation(GetParam()).mixing_weights;
  const at::Tensor weights = mixing_weights(strengths, living);
  for (int edge = 0; edge < 5; ++edge) {
    for (int operation = 0; operation < 4; ++operation) {
      EXPECT_NEAR(weights[edge][operation].item<double>(),
                  Expected(GetParam(), strengths, living, edge, operation), 1e-12);
    }
  }
  weights.mul(direction).sum().backward();
  const at::NoGradGuard no_grad;
  for (int edge = 0; edge < 5; ++edge) {
    for (int operation = 0; operation < 4; ++operation) {
      double values[2];
      for (int side = 0; side < 2; ++side) {
        at::Tensor moved = strengths.detach().clone();
        moved[edge][operation] += side == 0 ? 1e-6 : -1e-6;
        values[side] = mixing_weights(moved, living).mul(direction).sum().item<double>();
      }
      const double gradient = strengths.grad()[edge][operation].item<double>();
      EXPECT_NEAR(gradient, (values[0] - values[1]) / 2e-6, 1e-8);
      if (living[edge][operation].item<double>() == 0) {
        EXPECT_EQ(gradient, 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RelaxationTest,
                         testing::ValuesIn(RelaxationRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

TEST(RelaxationRegistryTest, HasTheThree) {
  EXPECT_EQ(RelaxationRegistry::Global().Names(),
            (std::vector<std::string>{"sigmoid", "softmax", "unnormalized"}));
}

}  // namespace
}  // namespace nap
