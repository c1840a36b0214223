#include "nap/runtime/gradients.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <memory>
#include <string>
#include <vector>

#include "nap/runtime/processes_for_tests.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

// More than travel together; used once, several times, not at all, in another order than they
// stand, and laid out in another way than their gradient comes.
std::vector<at::Tensor> Leaves() {
  torch::manual_seed(1);
  std::vector<at::Tensor> leaves = {
      at::randn({700000}), at::randn({3}),
      at::randn({700000}), at::randn({5, 7}).t(),
      at::randn({4}),      at::randn({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast)};
  for (at::Tensor& leaf : leaves) leaf.set_requires_grad(true);
  return leaves;
}

at::Tensor Loss(const std::vector<at::Tensor>& x, double scale) {
  return (x[3].contiguous().sum() * x[1].sum() + (x[0] * x[2]).sum() + (x[1] * x[1]).sum() +
          (x[5] * x[5]).sum()) *
         scale;
}

TEST(GradientsTest, TravelAndAreAddedUp) {
  const auto ends = RunProcesses(3, [](const Group& group) -> std::string {
    const std::vector<at::Tensor> leaves = Leaves();
    const auto whole = Gradients(Loss(leaves, 1 + 2 + 3), leaves);
    for (int pass = 0; pass < 2; ++pass) {
      const auto summed = SummedGradients(Loss(leaves, group->rank() + 1), leaves, group.get());
      for (size_t i = 0; i < leaves.size(); ++i) {
        EXPECT_EQ(summed[i].defined(), i != 4);
        if (i == 4) continue;
        EXPECT_EQ(summed[i].strides(), leaves[i].strides());
        EXPECT_LT((summed[i] - whole[i]).abs().max().item<double>(), 1e-4) << i;
      }
    }
    return "";
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
}

// After the other one, whose processes are forks: autograd has no threads in a fork.
TEST(GradientsTest, OfOneProcess) {
  const std::vector<at::Tensor> leaves = Leaves();
  ProcessGroup alone;
  const auto gradients = Gradients(Loss(leaves, 2), leaves);
  const auto summed = SummedGradients(Loss(leaves, 2), leaves, &alone);
  for (size_t i = 0; i < leaves.size(); ++i) {
    ASSERT_EQ(gradients[i].defined(), i != 4);
    ASSERT_EQ(summed[i].defined(), i != 4);
    if (i == 4) continue;
    EXPECT_TRUE(gradients[i].equal(summed[i]));
    EXPECT_EQ(gradients[i].strides(), leaves[i].strides());
    EXPECT_FALSE(leaves[i].grad().defined());
  }
  EXPECT_TRUE(gradients[0].equal(2 * leaves[2].detach()));
}

}  // namespace
}  // namespace nap
