#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "nap/runtime/gradients.h"
#include "nap/training/clipped_step.h"
#include "nap/training/learning_rate.h"
#include "nap/training/meter.h"
#include "nap/training/mixup.h"
#include "nap/training/optimizer.h"
#include "nap/training/training_options.h"

namespace nap {
namespace {

TEST(CosineAnnealingTest, RunsFromInitialToFinal) {
  EXPECT_DOUBLE_EQ(CosineAnnealing(0.025, 0.001, 0), 0.025);
  EXPECT_DOUBLE_EQ(CosineAnnealing(0.025, 0.001, 0.5), 0.013);
  EXPECT_DOUBLE_EQ(CosineAnnealing(0.025, 0.001, 1), 0.001);
  EXPECT_NEAR(CosineAnnealing(1, 0, 1.0 / 3), 0.75, 1e-15);
}

TEST(TrainingOptionsTest, RaisesAndLowersTheLearningRate) {
  TrainingOptions options;
  options.epochs = 8;
  options.learning_rate = 0.8;
  EXPECT_DOUBLE_EQ(LearningRate(options, 1), 0.8);
  EXPECT_DOUBLE_EQ(LearningRate(options, 5), 0.4);
  options.learning_rate_decay = "linear";
  options.learning_rate_warmup = 2;
  EXPECT_DOUBLE_EQ(LearningRate(options, 1), 0.4);
  EXPECT_DOUBLE_EQ(LearningRate(options, 2), 0.7);
  EXPECT_DOUBLE_EQ(LearningRate(options, 7), 0.2);
  options.drop_path = 0.4;
  EXPECT_DOUBLE_EQ(DropPathProbability(options, 1), 0);
  EXPECT_DOUBLE_EQ(DropPathProbability(options, 7), 0.3);
}

TEST(TrainingOptionsTest, NamesWhatIsOutOfRange) {
  const auto message = [](auto change) {
    TrainingOptions options;
    change(options);
    return std::string(Validate(options).message());
  };
  EXPECT_EQ(message([](TrainingOptions&) {}), "");
  EXPECT_EQ(message([](TrainingOptions& o) { o.drop_path = 1; }),
            "--drop_path=1 is out of range: must be from 0 to below 1");
  EXPECT_EQ(message([](TrainingOptions& o) { o.learning_rate_warmup = 600; }),
            "--learning_rate_warmup=600 is out of range: must be from 0 to below --epochs=600");
  EXPECT_EQ(message([](TrainingOptions& o) { o.mixup = std::nan(""); }),
            "--mixup=nan is out of range: must be at least 0");
  EXPECT_EQ(message([](TrainingOptions& o) { o.learning_rate_decay = "step"; }),
            "unknown learning_rate_decay 'step'; known: cosine, linear");
  EXPECT_EQ(message([](TrainingOptions& o) { o.optimizer = "adam"; }),
            "unknown optimizer 'adam'; known: sgd, adamw");
  EXPECT_EQ(message([](TrainingOptions& o) { o.rand_augment.magnitude = 31; }),
            "--randaugment_magnitude=31 is out of range: must be from 0 to 30");
  EXPECT_EQ(message([](TrainingOptions& o) { o.random_erasing = 1.5; }),
            "--random_erasing=1.5 is out of range: must be from 0 to 1");
  EXPECT_EQ(message([](TrainingOptions& o) { o.class_weights = o.sampling = "balanced"; }),
            "--class_weights=balanced and --sampling=balanced together would count small classes "
            "twice: leave one of them out");
  EXPECT_EQ(message([](TrainingOptions& o) { o.ema = 1; }),
            "--ema=1 is out of range: must be from 0 to below 1");
}

// The variance of Beta(a, a) is 1 / (4 (2 a + 1)).
TEST(MixupTest, DrawsFromASymmetricBeta) {
  for (const double alpha : {0.2, 1.0, 2.0}) {
    RandomStream random({11});
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      const double x = SymmetricBeta(alpha, &random) - 0.5;
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum / kDraws, 0, 0.01) << alpha;
    EXPECT_NEAR(squares / kDraws, 1 / (4 * (2 * alpha + 1)), 0.003) << alpha;
  }
}

TEST(MixupTest, MixesImagesAsItsLabelsSay) {
  RandomStream random({12});
  at::Tensor images = at::ones({5, 1, 2, 2});
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < 5; ++i) {
    images[i] *= i;
    numbers.push_back(i);
  }
  const at::Tensor labels = at::tensor(numbers);
  const MixedBatch mixed = Mix(images, labels, 0.4, &random);
  for (int64_t i = 0; i < 5; ++i) {
    const double other = static_cast<double>(mixed.other_labels[i].item<int64_t>());
    EXPECT_NEAR(mixed.images[i][0][1][0].item<double>(),
                mixed.share * static_cast<double>(i) + (1 - mixed.share) * other, 1e-5);
  }
}

TEST(ClassificationMeterTest, CountsTheFiveLikeliest) {
  ClassificationMeter meter;
  const at::Tensor logits = at::tensor({7.0F, 6.0F, 5.0F, 4.0F, 3.0F, 2.0F, 1.0F}).expand({7, 7});
  meter.Add({0, logits}, at::tensor(std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_DOUBLE_EQ(meter.accuracy(), 1.0 / 7);
  EXPECT_DOUBLE_EQ(meter.top5_accuracy(), 5.0 / 7);
}

TEST(ClassificationMeterTest, WeighsBatchesByTheirSize) {
  ClassificationMeter meter;
  EXPECT_EQ(meter.accuracy(), 0);
  meter.Add({1.0, at::tensor({2.0F, 1.0F, 0.0F, 1.0F, 5.0F, 1.0F}).view({3, 2})},
            at::tensor({int64_t{0}, int64_t{0}, int64_t{0}}));
  meter.Add({5.0, at::tensor({0.0F, 1.0F}).view({1, 2})}, at::tensor({int64_t{1}}));
  EXPECT_EQ(meter.images(), 4);
  EXPECT_DOUBLE_EQ(meter.loss(), 2.0);
  EXPECT_DOUBLE_EQ(meter.accuracy(), 0.75);
  Checkpoint checkpoint;
  meter.Save("train", &checkpoint);
  ClassificationMeter other;
  EXPECT_EQ(other.Load(checkpoint, "valid").message(),
            "the checkpoint does not fit: it has no 'valid.loss'");
  ASSERT_TRUE(other.Load(checkpoint, "train").ok());
  EXPECT_EQ(other.images(), 4);
  EXPECT_EQ(other.loss(), meter.loss());
  EXPECT_EQ(other.accuracy(), meter.accuracy());
}

TEST(OptimizerTest, KeepsMomentumOfWhatStaysAndForgetsTheRest) {
  std::vector<at::Tensor> parameters;
  for (int i = 0; i < 3; ++i) {
    parameters.push_back(at::ones({2}).set_requires_grad(true));
  }
  torch::optim::SGD sgd(parameters, torch::optim::SGDOptions(0.1).momentum(0.5));
  const auto step = [&] {
    ClearGradients(parameters);
    for (const at::Tensor& parameter : parameters) parameter.mutable_grad() = at::ones({2});
    sgd.step();
  };
  step();  // 1 - 0.1
  EXPECT_EQ(sgd.state().size(), 3u);
  KeepParameters(&sgd, {parameters[0], parameters[2]});
  EXPECT_EQ(sgd.state().size(), 2u);
  SetLearningRate(&sgd, 0.2);
  step();  // the momentum is 0.5 + 1: 0.9 - 0.2 * 1.5
  EXPECT_FLOAT_EQ(parameters[0][0].item<float>(), 0.6F);
  EXPECT_FLOAT_EQ(parameters[1][0].item<float>(), 0.9F);
  EXPECT_FLOAT_EQ(parameters[2][1].item<float>(), 0.6F);
}

// What PyTorch 1.13 gives, for lr=0.1:
//   adamw = torch.optim.AdamW([{'params': [bias], 'weight_decay': 0}, {'params': [matrix]}],
//                             lr=0.1, weight_decay=0.5)
//   for step in 1, 2, 3:
//       matrix.grad = torch.tensor([[0.1, -0.2], [4.0, 0.0]]) * step
//       bias.grad = torch.tensor([-3.0, 0.3]) / step
//       torch.nn.utils.clip_grad_norm_([matrix, bias], 5)
//       adamw.step()
// The first gradient has a norm of 5.01; those after it are longer in the matrix.
TEST(OptimizerTest, AdamWIsPyTorchsAndLeavesBiasesUndecayed) {
  const at::Tensor matrix = at::tensor({1.0, -2.0, 0.5, 3.0}, at::kDouble).view({2, 2});
  const at::Tensor bias = at::tensor({1.0, -2.0}, at::kDouble);
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    const at::Tensor weights = matrix.to(type).clone().set_requires_grad(true);
    const at::Tensor biases = bias.to(type).clone().set_requires_grad(true);
    const auto adamw = MakeAdamW({weights, biases}, 7, 0.5);
    SetLearningRate(adamw.get(), 0.1);
    for (int step = 1; step <= 3; ++step) {
      weights.mutable_grad() =
          (at::tensor({0.1, -0.2, 4.0, 0.0}, at::kDouble).view({2, 2}) * step).to(type);
      biases.mutable_grad() = (at::tensor({-3.0, 0.3}, at::kDouble) / step).to(type);
      StepClipped(adamw.get(), 5);
    }
    const at::Tensor wanted =
        at::tensor({0.5718613743, -1.4292363612, 0.1431738487, 2.5721250000}, at::kDouble);
    const double tolerance = type == at::kDouble ? 1e-10 : 1e-6;
    EXPECT_LT((weights.view({4}).to(at::kDouble) - wanted).abs().max().item<double>(), tolerance);
    EXPECT_NEAR(biases[0].item<double>(), 1.2601643361, tolerance);
    EXPECT_NEAR(biases[1].item<double>(), -2.2601643259, tolerance);
  }
}

TEST(OptimizerTest, LeavesAloneWhatHasNoGradient) {
  const at::Tensor parameter = at::ones({2}).set_requires_grad(true);
  torch::optim::SGD sgd({parameter}, torch::optim::SGDOptions(0.1).weight_decay(1));
  parameter.mutable_grad() = at::ones({2});
  ClearGradients({parameter});
  sgd.step();
  EXPECT_EQ(parameter[0].item<float>(), 1.0F);
}

}  // namespace
}  // namespace nap
