#include "nap/runtime/synchronized_norms.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/utils.h>

#include <memory>
#include <string>

#include "nap/runtime/processes_for_tests.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

constexpr int64_t kImages = 7;

struct Passed {
  at::Tensor output, input_gradient, weight_gradient, bias_gradient, running_mean, running_var;
};

// The images [begin, end) of all through a batch norm, twice, and the gradients of a weighted sum
// of the output of the second time.
Passed Pass(ProcessGroup* group, int64_t begin, int64_t end, bool affine) {
  torch::manual_seed(3);
  const at::Tensor all = 5 + 2 * at::randn({kImages, 3, 4, 5});
  const at::Tensor weighting = at::randn({kImages, 3, 4, 5});
  torch::nn::BatchNorm2d norm(torch::nn::BatchNorm2dOptions(3).affine(affine));
  if (affine) {
    const at::NoGradGuard no_grad;
    norm->weight.copy_(at::randn({3}));
    norm->bias.copy_(at::randn({3}));
  }
  at::Tensor x = all.slice(0, begin, end).clone().set_requires_grad(true);
  at::Tensor output;
  {
    const SynchronizedNorms guard(group, end - begin, kImages);
    norm->forward(x);
    output = norm->forward(x);
  }
  (output * weighting.slice(0, begin, end)).sum().backward();
  const at::Tensor none = at::zeros({3});
  return {output.detach(),
          x.grad(),
          affine ? norm->weight.grad() : none,
          affine ? norm->bias.grad() : none,
          norm->running_mean,
          norm->running_var};
}

double Largest(const at::Tensor& difference) { return difference.abs().max().item<double>(); }

class SynchronizedNormsTest : public ::testing::TestWithParam<bool> {};

TEST_P(SynchronizedNormsTest, SharesAreTheWhole) {
  for (const int processes : {2, 3}) {
    const auto ends = RunProcesses(processes, [this](const Group& group) -> std::string {
      ProcessGroup alone;
      const Passed whole = Pass(&alone, 0, kImages, GetParam());
      const int64_t begin = kImages * group->rank() / group->size();
      const int64_t end = kImages * (group->rank() + 1) / group->size();
      const Passed share = Pass(group.get(), begin, end, GetParam());
      EXPECT_LT(Largest(share.output - whole.output.slice(0, begin, end)), 1e-5);
      EXPECT_LT(Largest(share.input_gradient - whole.input_gradient.slice(0, begin, end)), 1e-5);
      EXPECT_LT(Largest(share.running_mean - whole.running_mean), 1e-5);
      EXPECT_LT(Largest(share.running_var - whole.running_var), 1e-5);
      // Each has its share of them.
      group->Sum({share.weight_gradient, share.bias_gradient});
      EXPECT_LT(Largest(share.weight_gradient - whole.weight_gradient), 1e-4);
      EXPECT_LT(Largest(share.bias_gradient - whole.bias_gradient), 1e-4);
      // Afterwards norms are a process's own again.
      const Passed own = Pass(&alone, 0, kImages, GetParam());
      EXPECT_TRUE(own.output.equal(whole.output));
      EXPECT_TRUE(own.input_gradient.equal(whole.input_gradient));
      // A share that is normalised by itself is another thing.
      EXPECT_GT(Largest(Pass(&alone, begin, end, GetParam()).output - share.output), 1e-2);
      return "";
    });
    for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Norms, SynchronizedNormsTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Affine" : "Plain"; });

}  // namespace
}  // namespace nap
