#include "nap/relaxation/strength_loss_conformance.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "nap/relaxation/strength_loss.h"
#include "nap/runtime/numerical_gradient_for_tests.h"

namespace nap {

void ExpectStrengthLossConforms(const std::string& name) {
  const auto made = StrengthLossRegistry::Global().Make(name);
  ASSERT_TRUE(made.ok()) << made.status().message();
  SCOPED_TRACE(absl::StrCat("strength loss ", name));
  if (made->loss == nullptr) return;
  at::manual_seed(3);
  Strengths strengths;
  strengths.operations = at::randn({3, 2}, at::kDouble).set_requires_grad(true);
  // Nothing lives on the last edge.
  strengths.living = at::tensor({1., 1., 1., 0., 0., 0.}, at::kDouble).view({3, 2});
  strengths.targets = at::tensor({2, 2, 3}, at::kLong);
  const at::Tensor mixing = at::randn({6}, at::kDouble).set_requires_grad(true);  // two cell types
  const auto loss = [&] { return made->loss({strengths, strengths}, mixing); };
  const at::Tensor value = loss();
  ASSERT_EQ(value.numel(), 1) << "a loss is a scalar (nap/relaxation/strength_loss.h)";
  ASSERT_TRUE(value.isfinite().item<bool>()) << "the loss is not finite";
  ExpectNumericalGradients(
      loss, {{"the strengths", strengths.operations}, {"the mixing weights", mixing}},
      "a loss is differentiable (nap/relaxation/strength_loss.h)");
  const at::NoGradGuard no_grad;
  strengths.operations = strengths.operations + 9 * (1 - strengths.living);
  EXPECT_TRUE(loss().equal(value)) << "the strength of an operation that does not live has a say";
}

}  // namespace nap
