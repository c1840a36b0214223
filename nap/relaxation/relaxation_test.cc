#include "nap/relaxation/relaxation.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

Relaxation Make(const std::string& name) { return *RelaxationRegistry::Global().Make(name); }

bool Lives(const Strengths& strengths, int edge, int operation) {
  return strengths.living[edge][operation].item<double>() != 0;
}

// Among the edges that lead to the same node.
double ExpectedShare(const Strengths& strengths, int edge) {
  double sum = 0;
  for (int e = 0; e < strengths.targets.size(0); ++e) {
    bool lives = false;
    for (int k = 0; k < strengths.living.size(1); ++k) lives |= Lives(strengths, e, k);
    const bool alike =
        strengths.targets[e].item<int64_t>() == strengths.targets[edge].item<int64_t>();
    if (lives && alike) sum += std::exp(strengths.edges[e].item<double>());
  }
  return std::exp(strengths.edges[edge].item<double>()) / sum;
}

// By hand, in double precision.
double Expected(const std::string& name, const Strengths& strengths, int edge, int operation) {
  const auto strength = [&](int k) { return strengths.operations[edge][k].item<double>(); };
  const auto lives = [&](int k) { return Lives(strengths, edge, k); };
  if (!lives(operation)) return 0;
  if (name == "unnormalized") return strength(operation);
  if (name == "sigmoid") return 1 / (1 + std::exp(-strength(operation)));
  double sum = 0;
  for (int k = 0; k < strengths.living.size(1); ++k) sum += lives(k) ? std::exp(strength(k)) : 0;
  const double share = name == "edge_softmax" ? ExpectedShare(strengths, edge) : 1;
  return share * std::exp(strength(operation)) / sum;
}

class RelaxationTest : public testing::TestWithParam<std::string> {};

TEST_P(RelaxationTest, AgreesWithItsFormulaAndNumericalGradients) {
  at::manual_seed(3);
  const Relaxation relaxation = Make(GetParam());
  Strengths strengths;
  strengths.living = at::rand({5, 4}, at::kDouble).gt(0.4).to(at::kDouble);
  strengths.living[2].fill_(0);  // an edge that lost everything
  strengths.living[3].fill_(1);
  strengths.targets = at::tensor({2, 2, 3, 3, 3}, at::kLong);
  strengths.operations = at::randn({5, 4}, at::kDouble).set_requires_grad(true);
  const at::Tensor direction = at::randn({5, 4}, at::kDouble);
  if (relaxation.edge_strengths) {
    strengths.edges = at::randn({5}, at::kDouble).set_requires_grad(true);
  }
  const at::Tensor weights = relaxation.mixing_weights(strengths);
  for (int edge = 0; edge < 5; ++edge) {
    for (int operation = 0; operation < 4; ++operation) {
      EXPECT_NEAR(weights[edge][operation].item<double>(),
                  Expected(GetParam(), strengths, edge, operation), 1e-12);
    }
  }
  weights.mul(direction).sum().backward();
  const at::NoGradGuard no_grad;
  // One strength at a time; which one is said by the tensor and a place in it.
  const auto expect_gradient = [&](at::Tensor Strengths::*tensor, int64_t place, bool lives) {
    double values[2];
    for (int side = 0; side < 2; ++side) {
      Strengths moved = strengths;
      moved.*tensor = (strengths.*tensor).detach().clone();
      (moved.*tensor).view(-1)[place] += side == 0 ? 1e-6 : -1e-6;
      values[side] = relaxation.mixing_weights(moved).mul(direction).sum().item<double>();
    }
    const double gradient = (strengths.*tensor).grad().view(-1)[place].item<double>();
    EXPECT_NEAR(gradient, (values[0] - values[1]) / 2e-6, 1e-8);
    if (!lives) {
      EXPECT_EQ(gradient, 0);
    }
  };
  for (int64_t place = 0; place < 20; ++place) {
    expect_gradient(&Strengths::operations, place,
                    strengths.living.view(-1)[place].item<double>() != 0);
  }
  for (int64_t edge = 0; relaxation.edge_strengths && edge < 5; ++edge) {
    expect_gradient(&Strengths::edges, edge, edge != 2);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RelaxationTest,
                         testing::ValuesIn(RelaxationRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

TEST(EdgeSoftmaxTest, ANodesWeightsSumToOne) {
  at::manual_seed(4);
  Strengths strengths{at::randn({5, 3}), at::randn({5}), at::ones({5, 3}),
                      at::tensor({2, 2, 3, 3, 3}, at::kLong)};
  strengths.living[1].fill_(0);
  strengths.living[3][2] = 0;
  const at::Tensor weights = Make("edge_softmax").mixing_weights(strengths);
  EXPECT_NEAR(weights.narrow(0, 0, 2).sum().item<double>(), 1, 1e-6);
  EXPECT_NEAR(weights.narrow(0, 2, 3).sum().item<double>(), 1, 1e-6);
  // A node that lost every edge gets zeros.
  strengths.living[0].fill_(0);
  EXPECT_TRUE(
      Make("edge_softmax").mixing_weights(strengths).narrow(0, 0, 2).equal(at::zeros({2, 3})));
}

TEST(RelaxationTest, UsersSetWhereStrengthsStartAndHowManyChannelsTakePart) {
  EXPECT_EQ(Make("unnormalized").initial_strength, 0.5);
  EXPECT_EQ(Make("softmax").initial_strength, 0);
  for (const std::string& name : RelaxationRegistry::Global().Names()) {
    EXPECT_EQ(Make(name).partial_channels, 1) << name;
    const Relaxation set = Make(name + ":partial_channels=4,initial_strength=-0.25");
    EXPECT_EQ(set.partial_channels, 4) << name;
    EXPECT_EQ(set.initial_strength, -0.25) << name;
  }
  EXPECT_EQ(RelaxationRegistry::Global().Make("softmax:initial_strength=nan").status().message(),
            "relaxation 'softmax:initial_strength=nan': parameter initial_strength=nan must be a "
            "number");
}

TEST(RelaxationRegistryTest, HasTheFour) {
  EXPECT_EQ(RelaxationRegistry::Global().Names(),
            (std::vector<std::string>{"edge_softmax", "sigmoid", "softmax", "unnormalized"}));
}

}  // namespace
}  // namespace nap
