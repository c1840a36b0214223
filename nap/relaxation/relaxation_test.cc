#include "nap/relaxation/relaxation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "nap/base/failures_for_tests.h"
#include "nap/relaxation/relaxation_conformance.h"

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

TEST_P(RelaxationTest, Conforms) { ExpectRelaxationConforms(GetParam()); }

TEST_P(RelaxationTest, AgreesWithItsFormula) {
  at::manual_seed(3);
  Strengths strengths;
  strengths.living = at::rand({5, 4}, at::kDouble).gt(0.4).to(at::kDouble);
  strengths.living[2].fill_(0);  // an edge that lost everything
  strengths.targets = at::tensor({2, 2, 3, 3, 3}, at::kLong);
  strengths.operations = at::randn({5, 4}, at::kDouble);
  strengths.edges = at::randn({5}, at::kDouble);
  const at::Tensor weights = Make(GetParam()).mixing_weights(strengths);
  for (int edge = 0; edge < 5; ++edge) {
    for (int operation = 0; operation < 4; ++operation) {
      EXPECT_NEAR(weights[edge][operation].item<double>(),
                  Expected(GetParam(), strengths, edge, operation), 1e-12);
    }
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

// One that breaks a promise is found out.
void ExpectFound(double initial_strength, decltype(Relaxation::mixing_weights) mixing_weights,
                 const std::string& text, bool edge_strengths = false) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  RelaxationRegistry::Global().Register(name, {"",
                                               [=](const ParameterValues& parameters) {
                                                 return RelaxationOf(parameters, mixing_weights,
                                                                     edge_strengths);
                                               },
                                               RelaxationParameters(initial_strength)});
  ExpectFailure([&] { ExpectRelaxationConforms(name); }, text);
}

TEST(FaultyRelaxationTest, IsFound) {
  const auto masked = [](const Strengths& s) { return s.operations.mul(s.living); };
  ExpectFound(
      1, [](const Strengths& s) { return s.operations.sum(1); },
      "mixing_weights is [edges, operations]");
  ExpectFound(
      1, [](const Strengths& s) { return s.operations * 1; }, "a mixing weight is not exactly 0");
  ExpectFound(
      1, [](const Strengths& s) { return s.operations.exp().mul(s.living); },
      "a mixing weight is not finite");
  ExpectFound(
      1, [](const Strengths& s) { return s.operations.softmax(1).mul(s.living); },
      "the strength of an operation that does not live has a say");
  ExpectFound(
      1,
      [](const Strengths& s) { return (s.operations * 2 - s.operations.detach()).mul(s.living); },
      "mixing weights are differentiable");
  ExpectFound(
      1,
      [](const Strengths& s) {
        s.operations.data().mul_(2);
        return s.operations.mul(s.living);
      },
      "mixing_weights changes the strengths");
  ExpectFound(
      1, [masked](const Strengths& s) { return masked(s).to(at::kDouble); },
      "mixing weights have the strengths' type");
  ExpectFound(0, masked, "at initial_strength a mixing weight is 0");
  ExpectFound(1, masked, "edge_strengths should be false", /*edge_strengths=*/true);
  ExpectFound(
      1, [](const Strengths& s) { return s.operations.mul(s.living).mul(s.edges.sum()); },
      "the strength of an edge on which nothing lives has a say", /*edge_strengths=*/true);
  ExpectFound(
      1,
      [](const Strengths& s) {
        return (s.operations + at::arange(4, s.operations.options())).mul(s.living);
      },
      "the operations of an edge have different weights");
}

}  // namespace
}  // namespace nap
