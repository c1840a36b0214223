#include "nap/training/clipped_step.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>  // clip_grad.h needs what it includes
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "nap/runtime/libtorch_versions.h"

namespace nap {
namespace {

std::vector<at::Tensor> Copies(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  for (const at::Tensor& tensor : tensors) {
    copies.push_back(tensor.detach().clone().set_requires_grad(true));
  }
  return copies;
}

// Shapes of a network, one of them channels-last; the last one never gets a gradient.
std::vector<at::Tensor> Parameters(at::ScalarType type) {
  at::manual_seed(2);
  std::vector<at::Tensor> parameters;
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{3}, {17}, {40, 7}, {8, 3, 3, 3}, {16, 1, 5, 5}, {1}, {5}}) {
    parameters.push_back(at::randn(shape, type));
  }
  parameters[3] = parameters[3].contiguous(at::MemoryFormat::ChannelsLast);
  return parameters;
}

void SetGradients(const std::vector<at::Tensor>& parameters, double size, int step) {
  at::manual_seed(10 + step);
  for (size_t i = 0; i + 1 < parameters.size(); ++i) {
    at::Tensor gradient = at::randn(parameters[i].sizes(), parameters[i].scalar_type()) * size;
    if (i == 3) gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
    parameters[i].mutable_grad() = gradient;
  }
}

// In two groups.
template <typename Optimizer, typename Options>
std::unique_ptr<torch::optim::Optimizer> Make(const std::vector<at::Tensor>& parameters,
                                              Options options) {
  auto optimizer = std::make_unique<Optimizer>(
      std::vector<at::Tensor>(parameters.begin(), parameters.begin() + 2), options);
  optimizer->add_param_group({std::vector<at::Tensor>(parameters.begin() + 2, parameters.end()),
                              std::make_unique<Options>(options.weight_decay(0.05))});
  return optimizer;
}

std::unique_ptr<torch::optim::Optimizer> Sgd(const std::vector<at::Tensor>& parameters) {
  return Make<torch::optim::SGD>(parameters,
                                 torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(0.01));
}
std::unique_ptr<torch::optim::Optimizer> AdamW(const std::vector<at::Tensor>& parameters) {
  return Make<torch::optim::AdamW>(parameters, torch::optim::AdamWOptions(0.1).weight_decay(0.2));
}

using MakeOptimizer =
    std::unique_ptr<torch::optim::Optimizer> (*)(const std::vector<at::Tensor>& parameters);

// Some steps by LibTorch's own functions and by ours; small gradients are not clipped.
void ExpectLibTorchsSteps(MakeOptimizer make, at::ScalarType type, double size, double tolerance) {
  const std::vector<at::Tensor> theirs = Copies(Parameters(type)), ours = Copies(theirs);
  const auto their_optimizer = make(theirs), our_optimizer = make(ours);
  for (int step = 0; step < 4; ++step) {
    SetGradients(theirs, size, step);
    SetGradients(ours, size, step);
    torch::nn::utils::clip_grad_norm_(theirs, 5);
    their_optimizer->step();
    StepClipped(our_optimizer.get(), 5);
  }
  for (size_t i = 0; i < ours.size(); ++i) {
    const double distance = (ours[i] - theirs[i]).abs().max().item<double>();
    EXPECT_LE(distance, tolerance) << "parameter " << i;
  }
  EXPECT_EQ(our_optimizer->state().count(StateKey(ours[3])), 1u);
  EXPECT_EQ(our_optimizer->state().count(StateKey(ours.back())), 0u) << "it had no gradient";
}

TEST(ClippedStepTest, IsLibTorchsClippingAndStep) {
  for (const double size : {1e-3, 1.0, 100.0}) {
    ExpectLibTorchsSteps(Sgd, at::kFloat, size, 2e-6);
    ExpectLibTorchsSteps(Sgd, at::kDouble, size, 1e-14);
    ExpectLibTorchsSteps(AdamW, at::kFloat, size, 4e-6);
    ExpectLibTorchsSteps(AdamW, at::kDouble, size, 1e-13);
  }
}

TEST(ClippedStepTest, GivesTheSameBitsWithAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const MakeOptimizer make : {Sgd, AdamW}) {
    std::vector<std::vector<at::Tensor>> results;
    for (const int count : {1, 2, 3}) {
      at::set_num_threads(count);
      const std::vector<at::Tensor> parameters = Copies(Parameters(at::kFloat));
      const auto optimizer = make(parameters);
      for (int step = 0; step < 2; ++step) {
        SetGradients(parameters, 10, step);
        StepClipped(optimizer.get(), 5);
      }
      results.push_back(parameters);
    }
    at::set_num_threads(threads);
    for (size_t i = 0; i < results[0].size(); ++i) {
      EXPECT_TRUE(results[1][i].equal(results[0][i]));
      EXPECT_TRUE(results[2][i].equal(results[0][i]));
    }
  }
}

}  // namespace
}  // namespace nap
