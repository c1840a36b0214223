// Each score against what its definition says, computed here in another way. What all must keep is
// in score_conformance_test.cc.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "data/loader.h"
#include "nap/model/derived_network.h"
#include "nap/scores/architecture_for_tests.h"
#include "nap/scores/score.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

constexpr auto& kCell = kCellForTests;

class ScoresTest : public testing::Test {
 protected:
  static ScoredArchitecture Make(const char* cell, uint64_t seed = 0,
                                 const std::string& backend = "fused") {
    return ArchitectureForTests(cell, seed, backend);
  }

  static double Score(const std::string& name, const ScoredArchitecture& architecture) {
    const auto score = ScoreRegistry::Global().Make(name);
    EXPECT_TRUE(score.ok()) << score.status();
    const absl::StatusOr<double> value = (*score)->Of(architecture);
    EXPECT_TRUE(value.ok()) << value.status();
    return *value;
  }
};

std::vector<Batch> Batches(const ScoredArchitecture& architecture, int64_t size, int count) {
  const auto loader = architecture.Images(size);
  std::vector<Batch> batches(count);
  for (Batch& batch : batches) EXPECT_TRUE(loader->Next(&batch));
  return batches;
}

TEST_F(ScoresTest, OfWeightsDependOnTheSeed) {
  for (const std::string& name : ScoreRegistry::Global().Names()) {
    const std::string quick = name == "training_loss" ? name + ":steps=5" : name;
    const bool is_cost = name == "parameters" || name == "mult_adds";
    EXPECT_EQ(Score(quick, Make(kCell, /*seed=*/1)) == Score(quick, Make(kCell)), is_cost) << name;
  }
}

TEST_F(ScoresTest, CostsAreTheNetworks) {
  const ScoredArchitecture architecture = Make(kCell);
  int64_t parameters = 0;
  for (const at::Tensor& weight : architecture.Network(0)->parameters()) {
    parameters += weight.numel();
  }
  EXPECT_EQ(Score("parameters", architecture), static_cast<double>(parameters));
  EXPECT_EQ(Score("mult_adds", architecture), static_cast<double>(architecture.cost().mult_adds));
}

TEST_F(ScoresTest, TrainingLossBeginsWithThatOfTheFreshNetwork) {
  const ScoredArchitecture architecture = Make(kCell);
  const Batch batch = Batches(architecture, 16, 1).front();
  const at::Tensor logits = architecture.Network(0)->Forward(batch.images).logits;
  const double loss = at::cross_entropy_loss(logits, batch.labels).item<double>();
  EXPECT_DOUBLE_EQ(Score("training_loss:steps=1,images=16", architecture), -loss);
  // The mean of both steps, the second one alone.
  const double both = Score("training_loss:steps=2,images=16", architecture);
  const double second = Score("training_loss:steps=2,begin=1,images=16", architecture);
  EXPECT_NEAR(both, (-loss + second) / 2, 1e-12);
}

TEST_F(ScoresTest, TrainingLowersTheLoss) {
  const ScoredArchitecture architecture = Make(kCell);
  EXPECT_GT(Score("training_loss:steps=40,begin=30,images=16", architecture),
            Score("training_loss:steps=1,images=16", architecture) + 0.1);
}

TEST_F(ScoresTest, TrainingLossThatIsNoNumberIsAnError) {
  const auto score =
      ScoreRegistry::Global().Make("training_loss:learning_rate=1e30,images=8,steps=20");
  const auto value = (*score)->Of(Make(kCell));
  EXPECT_EQ(value.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(value.status().message().find("lower learning_rate=1e+30"), std::string::npos)
      << value.status();
}

// The sum of weight times gradient is the slope along which all weights grow together.
TEST_F(ScoresTest, SynflowIsASlope) {
  const ScoredArchitecture architecture = Make(kCell);
  const auto output = [&](double scale) {
    const at::NoGradGuard no_grad;
    const auto network = architecture.Network(0);
    network->to(at::kDouble);
    network->eval();
    for (at::Tensor& weight : network->parameters()) weight.abs_().mul_(scale);
    const auto shape = architecture.image_shape();
    return network->Forward(at::ones({1, shape[0], shape[1], shape[2]}, at::kDouble))
        .logits.sum()
        .item<double>();
  };
  constexpr double kStep = 1e-5;
  const double slope = (output(1 + kStep) - output(1 - kStep)) / (2 * kStep);
  EXPECT_NEAR(Score("synflow", architecture), std::log(slope), 1e-6);
}

TEST_F(ScoresTest, ZicoNeedsItsBatches) {
  const auto value = (*ScoreRegistry::Global().Make("zico:images=64,batches=3"))->Of(Make(kCell));
  EXPECT_EQ(value.status(),
            absl::InvalidArgumentError("zico: the images do not make batches=3 of images=64"));
}

TEST_F(ScoresTest, ZicoIsItsEquation) {
  const ScoredArchitecture architecture = Make(kCell);
  const auto network = architecture.Network(0);
  std::vector<std::vector<std::vector<double>>> gradients;  // [layer][batch][weight]
  for (const Batch& batch : Batches(architecture, 8, 3)) {
    network->zero_grad();
    at::cross_entropy_loss(network->Forward(batch.images).logits, batch.labels).backward();
    size_t layer = 0;
    for (const at::Tensor& weight : network->parameters()) {
      if (weight.dim() == 1) continue;
      gradients.resize(std::max(gradients.size(), layer + 1));
      const at::Tensor flat = weight.grad().contiguous().view(-1).to(at::kDouble);
      gradients[layer++].emplace_back(flat.data_ptr<double>(),
                                      flat.data_ptr<double>() + flat.numel());
    }
  }
  double expected = 0;
  for (const auto& layer : gradients) {
    double sum = 0;
    for (size_t i = 0; i < layer[0].size(); ++i) {
      double mean = 0;
      for (const auto& batch : layer) mean += std::abs(batch[i]) / 3;
      double variance = 0;
      for (const auto& batch : layer) variance += std::pow(std::abs(batch[i]) - mean, 2) / 3;
      if (variance > 0) sum += mean / std::sqrt(variance);
    }
    if (sum > 0) expected += std::log(sum);
  }
  EXPECT_NEAR(Score("zico:batches=3,images=8", architecture), expected, 1e-3 * expected);
}

// By LibTorch's operators, which another observer sees, as by the kernels.
TEST_F(ScoresTest, ActivationKernelIsTheSameOfBothBackends) {
  for (const char* name : {"activation_kernel:images=12", "activation_kernel:batch_norms=0"}) {
    const double fused = Score(name, Make(kCell));
    EXPECT_NEAR(Score(name, Make(kCell, 0, "reference")), fused, 1e-3 * fused) << name;
  }
}

TEST_F(ScoresTest, ActivationKernelOfSeveralNetworksIsAMean) {
  const double one = Score("activation_kernel:images=8", Make(kCell));
  const double both = Score("activation_kernel:images=8,initialisations=2", Make(kCell));
  const double fourth = Score("activation_kernel:images=8,initialisations=4", Make(kCell));
  EXPECT_NE(one, both);
  EXPECT_NEAR(both, one, 0.1 * one);
  EXPECT_NEAR(fourth, one, 0.1 * one);
}

TEST_F(ScoresTest, MoreImagesThanThereAreIsAllOfThem) {
  EXPECT_EQ(Score("activation_kernel:images=1000", Make(kCell)),
            Score("activation_kernel:images=130", Make(kCell)));
}

}  // namespace
}  // namespace nap
