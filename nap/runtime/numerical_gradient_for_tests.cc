#include "nap/runtime/numerical_gradient_for_tests.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <cstdint>

namespace nap {

void ExpectNumericalGradients(const std::function<at::Tensor()>& function,
                              const std::vector<std::pair<std::string, at::Tensor>>& variables,
                              const std::string& promise) {
  constexpr double kStep = 1e-7;
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : variables) tensors.push_back(tensor);
  std::vector<std::string> wrong(tensors.size());
  for (uint64_t draw = 0; draw < 3; ++draw) {
    // One of its own: `function` may set LibTorch's.
    const at::Generator random = at::make_generator<at::CPUGeneratorImpl>(draw);
    const at::Tensor y = function();
    if (!y.requires_grad()) {
      ADD_FAILURE() << "there is no gradient: " << promise;
      return;
    }
    const at::Tensor direction = at::randn(y.sizes(), random, at::kDouble);
    const std::vector<at::Tensor> gradients = torch::autograd::grad(
        {y}, tensors, {direction}, c10::nullopt, false, /*allow_unused=*/true);
    const at::NoGradGuard no_grad;
    bool all_right = true;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const at::Tensor before = tensors[i].clone();
      const at::Tensor way = at::randn(before.sizes(), random, at::kDouble);
      const auto value = [&](double step) {
        tensors[i].copy_(before + step * way);
        return (function() * direction).sum().item<double>();
      };
      const double wanted = (value(kStep) - value(-kStep)) / (2 * kStep);
      tensors[i].copy_(before);
      const double found = gradients[i].defined() ? (gradients[i] * way).sum().item<double>() : 0.0;
      const bool right = std::abs(found - wanted) <= 1e-5 * (1 + std::abs(wanted));
      all_right &= right;
      wrong[i] = right || (draw > 0 && wrong[i].empty())
                     ? ""
                     : std::to_string(found) + " is not " + std::to_string(wanted);
    }
    if (all_right) return;
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(wrong[i], "") << "of " << variables[i].first
                            << ", along a random direction: " << promise;
  }
}

}  // namespace nap
