#include "nap/model/mixed_op.h"

#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "nap/engine/executor.h"

namespace nap {
namespace {

const std::vector<std::string> kOperations = {"none",         "max_pool_3x3", "avg_pool_3x3",
                                              "skip_connect", "sep_conv_3x3", "dil_conv_5x5"};

// Batch norm by its definition.
at::Tensor Normalise(const at::Tensor& x) {
  const at::Tensor mean = x.mean({0, 2, 3}, /*keepdim=*/true);
  const at::Tensor variance = (x - mean).square().mean({0, 2, 3}, /*keepdim=*/true);
  return (x - mean) / (variance + 1e-5).sqrt();
}

class MixedOpTest : public testing::TestWithParam<int64_t> {
 protected:
  MixedOpTest() {
    at::manual_seed(5);
    mixed_ = std::make_shared<MixedOp>(kOperations, 4, GetParam());
    mixed_->to(at::kDouble);
    x_ = at::randn({3, 4, 6, 5}, at::kDouble).set_requires_grad(true);
    weights_ = at::randn({6}, at::kDouble).set_requires_grad(true);
  }

  // The sum over the operations `alive`, by its formula, from the candidates' own weights.
  at::Tensor Reference(const std::vector<int>& alive) {
    at::Tensor sum;
    for (int k : alive) {
      const auto operation =
          std::dynamic_pointer_cast<Operation>(mixed_->named_children()["op" + std::to_string(k)]);
      const at::Tensor term = weights_[k] * Normalise(operation->Forward(x_));
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  }

  at::Tensor Computed() {
    auto graph = std::make_shared<const CellGraph>(CellGraph{1, 2, 4, {1}, mixed_->Terms(0, 1, 0)});
    return CellRunner(std::move(graph), "reference").Forward({x_}, {weights_, {}});
  }

  void ExpectSame(const std::vector<int>& alive) {
    std::vector<at::Tensor> parameters = mixed_->parameters();
    parameters.push_back(x_);
    parameters.push_back(weights_);
    const at::Tensor direction = at::randn(Reference(alive).sizes(), at::kDouble);
    const auto gradients = [&](const at::Tensor& y) {
      for (at::Tensor& parameter : parameters) parameter.mutable_grad().reset();
      y.backward(direction);
      std::vector<at::Tensor> found;
      for (at::Tensor& parameter : parameters) found.push_back(parameter.grad().clone());
      return found;
    };
    const at::Tensor y = Computed();
    EXPECT_TRUE(y.allclose(Reference(alive), 1e-10, 1e-10));
    const auto actual = gradients(y), expected = gradients(Reference(alive));
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_TRUE(actual[i].allclose(expected[i], 1e-8, 1e-8)) << i;
    }
  }

  std::shared_ptr<MixedOp> mixed_;
  at::Tensor x_, weights_;
};

TEST_P(MixedOpTest, IsTheWeightedSumOfNormalisedCandidates) { ExpectSame({1, 2, 3, 4, 5}); }

TEST_P(MixedOpTest, IsTheSumOfTheLivingOnesAfterPruning) {
  const size_t before = mixed_->parameters().size();
  mixed_->Prune(4);
  mixed_->Prune(1);
  EXPECT_EQ(mixed_->parameters().size(), before - 4);
  ExpectSame({2, 3, 5});
  mixed_->Prune(0);  // the zero operation was never there
  mixed_->Prune(2);
  mixed_->Prune(3);
  EXPECT_TRUE(mixed_->IsAlive());
  mixed_->Prune(5);
  EXPECT_FALSE(mixed_->IsAlive());
  EXPECT_TRUE(mixed_->parameters().empty());
  EXPECT_TRUE(mixed_->Terms(0, 1, 0).empty());
}

INSTANTIATE_TEST_SUITE_P(Strides, MixedOpTest, testing::Values(1, 2));

}  // namespace
}  // namespace nap
