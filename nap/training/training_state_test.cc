#include "nap/training/training_state.h"

#include <ATen/ops/dropout.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <memory>
#include <vector>

namespace nap {
namespace {

// A linear layer with a batch norm, which has buffers, and an optimiser that has no state for one
// of the parameters: it never gets a gradient.
struct Model : torch::nn::Module {
  Model()
      : linear(register_module("linear", torch::nn::Linear(3, 4))),
        norm(register_module("norm", torch::nn::BatchNorm1d(4))),
        unused(register_parameter("unused", at::ones({2}))) {}

  torch::nn::Linear linear;
  torch::nn::BatchNorm1d norm;
  at::Tensor unused;
};

using MakeOptimizer = std::unique_ptr<torch::optim::Optimizer> (*)(std::vector<at::Tensor>);

std::unique_ptr<torch::optim::Optimizer> Sgd(std::vector<at::Tensor> parameters) {
  return std::make_unique<torch::optim::SGD>(std::move(parameters),
                                             torch::optim::SGDOptions(0.1).momentum(0.9));
}
std::unique_ptr<torch::optim::Optimizer> PlainSgd(std::vector<at::Tensor> parameters) {
  return std::make_unique<torch::optim::SGD>(std::move(parameters), torch::optim::SGDOptions(0.1));
}
std::unique_ptr<torch::optim::Optimizer> Adam(std::vector<at::Tensor> parameters) {
  return std::make_unique<torch::optim::Adam>(std::move(parameters),
                                              torch::optim::AdamOptions(0.1).amsgrad(true));
}

std::unique_ptr<torch::optim::Optimizer> AdamW(std::vector<at::Tensor> parameters) {
  return std::make_unique<torch::optim::AdamW>(std::move(parameters),
                                               torch::optim::AdamWOptions(0.1));
}

void Step(Model* model, torch::optim::Optimizer* optimizer, const at::Tensor& x) {
  optimizer->zero_grad();
  model->norm->forward(model->linear->forward(at::dropout(x, 0.5, /*train=*/true)))
      .pow(3)
      .sum()
      .backward();
  optimizer->step();
}

class TrainingStateTest : public testing::TestWithParam<MakeOptimizer> {};

TEST_P(TrainingStateTest, GoesOnWithTheSameBits) {
  const at::Tensor x = at::randn({8, 3});
  Model model;
  const auto optimizer = GetParam()(model.parameters());
  for (int i = 0; i < 3; ++i) Step(&model, optimizer.get(), x);
  Checkpoint checkpoint;
  SaveModule(model, "model", &checkpoint);
  SaveOptimizer(*optimizer, "optimizer", &checkpoint);
  SaveRandom(&checkpoint);
  for (int i = 0; i < 2; ++i) Step(&model, optimizer.get(), x);

  Model other;
  const auto other_optimizer = GetParam()(other.parameters());
  Step(&other, other_optimizer.get(), x);  // what it has is replaced
  ASSERT_TRUE(LoadModule(checkpoint, "model", &other).ok());
  ASSERT_TRUE(LoadOptimizer(checkpoint, "optimizer", other_optimizer.get()).ok());
  ASSERT_TRUE(LoadRandom(checkpoint).ok());
  for (int i = 0; i < 2; ++i) Step(&other, other_optimizer.get(), x);
  for (const auto& entry : model.named_parameters()) {
    EXPECT_TRUE(at::equal(other.named_parameters()[entry.key()], entry.value())) << entry.key();
  }
  for (const auto& entry : model.named_buffers()) {
    EXPECT_TRUE(at::equal(other.named_buffers()[entry.key()], entry.value())) << entry.key();
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, TrainingStateTest,
                         testing::Values(Sgd, PlainSgd, Adam, AdamW));

TEST(TrainingStateErrorTest, SaysWhatDoesNotFit) {
  Checkpoint checkpoint;
  SaveModule(*torch::nn::Linear(3, 4), "model", &checkpoint);
  torch::nn::Linear same(3, 4), larger(3, 5);
  EXPECT_TRUE(LoadModule(checkpoint, "model", same.ptr().get()).ok());
  EXPECT_EQ(LoadModule(checkpoint, "model", larger.ptr().get()).message(),
            "the checkpoint does not fit: 'model.weight' is [4, 3] Float, not [5, 3] Float");
  EXPECT_EQ(LoadModule(checkpoint, "other", same.ptr().get()).message(),
            "the checkpoint does not fit: it has no 'other.weight'");
  EXPECT_EQ(LoadRandom(checkpoint).message(), "the checkpoint does not fit: it has no 'random'");
  checkpoint.tensors["sgd.0.momentum"] = at::ones({7});
  const auto optimizer = Sgd(same->parameters());
  EXPECT_EQ(LoadOptimizer(checkpoint, "sgd", optimizer.get()).message(),
            "the checkpoint does not fit: 'sgd.0.momentum' is [7] Float, not [4, 3] Float");
}

}  // namespace
}  // namespace nap
