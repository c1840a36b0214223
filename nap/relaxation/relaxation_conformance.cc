#include "nap/relaxation/relaxation_conformance.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>
#include <vector>

#include "nap/relaxation/relaxation.h"
#include "nap/runtime/numerical_gradient_for_tests.h"

namespace nap {
namespace {

// Two edges lead to node 2, three to node 3. Nothing lives on edge 2, everything on edge 3.
Strengths RandomStrengths(const Relaxation& relaxation, double scale = 1) {
  at::manual_seed(3);
  Strengths strengths;
  strengths.living = at::rand({5, 4}, at::kDouble).gt(0.4).to(at::kDouble);
  strengths.living[2].fill_(0);
  strengths.living[3].fill_(1);
  strengths.targets = at::tensor({2, 2, 3, 3, 3}, at::kLong);
  strengths.operations = (scale * at::randn({5, 4}, at::kDouble)).set_requires_grad(true);
  if (relaxation.edge_strengths) {
    strengths.edges = (scale * at::randn({5}, at::kDouble)).set_requires_grad(true);
  }
  return strengths;
}

bool IsFinite(const at::Tensor& values) { return values.isfinite().all().item<bool>(); }

// Returns whether they have the right shape.
bool ExpectWeights(const Relaxation& relaxation, const Strengths& strengths) {
  const at::Tensor before = strengths.operations.detach().clone();
  const at::Tensor weights = relaxation.mixing_weights(strengths);
  if (weights.sizes() != strengths.operations.sizes()) {
    ADD_FAILURE() << "mixing_weights is [edges, operations] (nap/relaxation/relaxation.h)";
    return false;
  }
  EXPECT_EQ(weights.scalar_type(), strengths.operations.scalar_type())
      << "mixing weights have the strengths' type";
  EXPECT_TRUE(strengths.operations.equal(before)) << "mixing_weights changes the strengths";
  EXPECT_TRUE(IsFinite(weights)) << "a mixing weight is not finite";
  const at::Tensor gone = strengths.living.eq(0);
  EXPECT_TRUE(weights.masked_select(gone).eq(0).all().item<bool>())
      << "a mixing weight is not exactly 0 though its operation does not live "
         "(nap/relaxation/relaxation.h)";
  if (!weights.requires_grad()) return true;  // said elsewhere
  std::vector<at::Tensor> variables = {strengths.operations};
  if (strengths.edges.defined()) variables.push_back(strengths.edges);
  for (const at::Tensor& gradient :
       torch::autograd::grad({weights}, variables, {at::randn(weights.sizes()).to(weights)},
                             c10::nullopt, false, /*allow_unused=*/true)) {
    EXPECT_TRUE(!gradient.defined() || IsFinite(gradient)) << "a gradient is not finite";
    if (!gradient.defined() || gradient.dim() == 1) continue;
    EXPECT_TRUE(gradient.masked_select(gone).eq(0).all().item<bool>())
        << "the strength of an operation that does not live gets a gradient";
  }
  return true;
}

}  // namespace

void ExpectRelaxationConforms(const std::string& name) {
  const auto made = RelaxationRegistry::Global().Make(name);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const Relaxation& relaxation = *made;
  SCOPED_TRACE(absl::StrCat("relaxation ", name));
  for (const double scale : {1.0, 300.0}) {
    SCOPED_TRACE(absl::StrCat("strengths of about ", scale));
    Strengths strengths = RandomStrengths(relaxation, scale);
    if (!ExpectWeights(relaxation, strengths)) return;
    for (const int edge : {0, 1}) strengths.living[edge].fill_(0);  // nothing leads to node 2
    ExpectWeights(relaxation, strengths);
    for (at::Tensor* tensor : {&strengths.operations, &strengths.edges, &strengths.living}) {
      if (tensor->defined()) {
        *tensor = tensor->detach().to(at::kFloat).set_requires_grad(tensor->requires_grad());
      }
    }
    ExpectWeights(relaxation, strengths);
  }

  const Strengths strengths = RandomStrengths(relaxation);
  std::vector<std::pair<std::string, at::Tensor>> variables = {
      {"the operations' strengths", strengths.operations}};
  if (relaxation.edge_strengths) variables.emplace_back("the edges' strengths", strengths.edges);
  ExpectNumericalGradients(
      [&] { return relaxation.mixing_weights(strengths); }, variables,
      "mixing weights are differentiable in the strengths (nap/relaxation/relaxation.h)");

  const at::NoGradGuard no_grad;
  const at::Tensor weights = relaxation.mixing_weights(strengths);
  Strengths moved = strengths;
  moved.operations =
      at::where(strengths.living.eq(0), strengths.operations + 9, strengths.operations);
  EXPECT_TRUE(relaxation.mixing_weights(moved).equal(weights))
      << "the strength of an operation that does not live has a say";
  if (relaxation.edge_strengths) {
    moved = strengths;
    moved.edges = strengths.edges.clone();
    moved.edges[4] += 1;
    EXPECT_FALSE(relaxation.mixing_weights(moved).equal(weights))
        << "the weights do not depend on the edges' strengths: edge_strengths should be false "
           "(nap/relaxation/relaxation.h)";
    moved.edges = strengths.edges.clone();
    moved.edges[2] += 1;
    EXPECT_TRUE(relaxation.mixing_weights(moved).equal(weights))
        << "the strength of an edge on which nothing lives has a say";
  }

  moved.operations = at::full_like(strengths.operations, relaxation.initial_strength);
  if (relaxation.edge_strengths) moved.edges = at::full_like(strengths.edges, 0.0);
  const at::Tensor initial = relaxation.mixing_weights(moved)[3];
  EXPECT_TRUE(IsFinite(initial) && initial.ne(0).all().item<bool>())
      << "at initial_strength a mixing weight is 0 or not finite, so that nothing is learned";
  EXPECT_TRUE(initial.allclose(initial[0].expand_as(initial)))
      << "at initial_strength the operations of an edge have different weights";
}

}  // namespace nap
