#include "nap/search/supernet_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "nap/engine/replaying_for_tests.h"
#include "nap/search/candidate_space.h"
#include "nap/search/optimization.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

class SupernetTrainerTest : public testing::Test {
 protected:
  SupernetTrainerTest() {
    options_.device.name = "cpu";
    options_.seed = 3;
    options_.strength_weight_decay = 0;
    const auto search_space = *MakeSearchSpace("darts");
    space_ = *MakeCandidateSpace(*search_space, {});
    plan_ = *search_space->Plan({2, 3, 3, 10});
    trainer_ = MakeTrainer(options_);
    batch_ = {at::randn({6, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast),
              at::randint(10, {6}, at::kLong)};
  }

  std::unique_ptr<SupernetTrainer> MakeTrainer(
      const SearchOptions& options, const std::string& relaxation = "unnormalized") const {
    return std::make_unique<SupernetTrainer>(options, plan_, space_,
                                             *RelaxationRegistry::Global().Make(relaxation));
  }

  double Loss(std::optional<CandidateId> without = std::nullopt) {
    return trainer_->Evaluate(batch_, without).loss;
  }

  static OptimizationResult Step(const std::string& optimization, SupernetTrainer* trainer,
                                 const Batch& train, const Batch& valid) {
    return OptimizationRegistry::Global().Make(optimization)->step(*trainer, train, valid);
  }

  SearchOptions options_;
  NetworkPlan plan_;
  CandidateSpace space_;
  std::unique_ptr<SupernetTrainer> trainer_;
  Batch batch_;
};

TEST_F(SupernetTrainerTest, AWeightStepMovesWeightsAlone) {
  const NumberTable before = trainer_->Strengths();
  const double loss = Loss();
  EXPECT_EQ(WeightStep(*trainer_, batch_).loss, loss);
  EXPECT_NE(Loss(), loss);
  const NumberTable after = trainer_->Strengths(), gradients = trainer_->AppliedStrengthGradients();
  for (int cell = 0; cell < 2; ++cell) {
    EXPECT_EQ(after.Values(cell), before.Values(cell));
    for (double gradient : gradients.Values(cell)) EXPECT_EQ(gradient, 0);
  }
}

TEST_F(SupernetTrainerTest, AStrengthStepMovesStrengthsAlone) {
  const NumberTable before = trainer_->Strengths();
  const double loss = Loss();
  EXPECT_EQ(StrengthStep(*trainer_, batch_).loss, loss);
  const NumberTable after = trainer_->Strengths(), gradients = trainer_->AppliedStrengthGradients();
  for (int cell = 0; cell < 2; ++cell) {
    for (int edge = 0; edge < 14; ++edge) {
      for (int operation = 0; operation < 8; ++operation) {
        const CandidateId id{cell, edge, operation};
        // Adam's first step: the learning rate against the gradient's sign. none has no gradient.
        const double moved = after[id] - before[id];
        EXPECT_EQ(gradients[id] == 0, operation == 0);
        if (std::abs(gradients[id]) < 1e-6) continue;
        EXPECT_NEAR(moved, gradients[id] > 0 ? -3e-4 : 3e-4, 1e-5);
      }
    }
  }
  // The weights are as they were, and can be trained again.
  WeightStep(*trainer_, batch_);
  EXPECT_LT(WeightStep(*trainer_, batch_).loss, loss + 1);
}

TEST_F(SupernetTrainerTest, EdgeStrengthsAreTrainedWithTheOthers) {
  EXPECT_TRUE(trainer_->EdgeStrengths().empty());
  const auto expect_moved = [&](const auto& step, bool moves) {
    const auto trainer = MakeTrainer(options_, "edge_softmax");
    const auto before = trainer->EdgeStrengths();
    step(trainer.get());
    const auto after = trainer->EdgeStrengths();
    ASSERT_EQ(before.size(), 2u);
    for (int cell = 0; cell < 2; ++cell) {
      ASSERT_EQ(before[cell].size(), 14u);
      for (int edge = 0; edge < 14; ++edge) {
        EXPECT_NEAR(before[cell][edge], 0, 0.01);
        // Adam's first step is the learning rate; a gradient may be tiny.
        const double moved = std::abs(after[cell][edge] - before[cell][edge]);
        EXPECT_EQ(moved > 1e-5, moves) << edge;
        EXPECT_LE(moved, 3.01e-4) << edge;
      }
    }
  };
  expect_moved([&](auto* trainer) { WeightStep(*trainer, batch_); }, false);
  expect_moved([&](auto* trainer) { StrengthStep(*trainer, batch_); }, true);
  expect_moved([&](auto* trainer) { Step("joint", trainer, batch_, {}); }, true);
  expect_moved([&](auto* trainer) { Step("bilevel_second_order", trainer, batch_, batch_); }, true);
}

TEST_F(SupernetTrainerTest, MaskingIsTheLossWithoutTheOperation) {
  const CandidateId id{0, 3, 4};
  const double masked = Loss(id);
  EXPECT_NE(masked, Loss());
  trainer_->Prune({id});
  EXPECT_NEAR(Loss(), masked, 1e-5);
  EXPECT_EQ(trainer_->MixingWeights()[id], 0);
}

// With respect to single strengths, by central differences of the definition itself: the validation
// loss behind one weight step.
TEST_F(SupernetTrainerTest, AnUnrolledStepFollowsTheGradientOfTheLossOneStepAhead) {
  options_.learning_rate = 1e-4;
  options_.gradient_clip = 1e6;
  const auto search_space = *MakeSearchSpace("darts");
  space_ = *MakeCandidateSpace(*search_space, {"skip_connect", "avg_pool_3x3", "sep_conv_3x3"});
  plan_ = *search_space->Plan({8, 3, 3, 10});
  const auto batch = [] {
    return Batch{at::randn({32, 3, 16, 16}).contiguous(at::MemoryFormat::ChannelsLast),
                 at::randint(10, {32}, at::kLong)};
  };
  batch_ = batch();
  const Batch valid = batch();
  const auto trainer = [&] { return MakeTrainer(options_); };
  auto unrolled = trainer();
  Checkpoint start;
  WeightStep(*unrolled, valid);  // so that there is momentum
  unrolled->Save(&start);
  Step("bilevel_second_order", unrolled.get(), batch_, valid);
  const NumberTable gradients = unrolled->AppliedStrengthGradients();
  auto first_order = trainer();
  ASSERT_TRUE(first_order->Load(start).ok());
  StrengthStep(*first_order, valid);
  const NumberTable first_gradients = first_order->AppliedStrengthGradients();

  double distance = 0, first_distance = 0, norm = 0;
  for (const CandidateId& id : {CandidateId{0, 0, 2}, {0, 1, 0}, {0, 2, 1}, {1, 0, 1}, {1, 4, 2}}) {
    double losses[2];
    for (int side = 0; side < 2; ++side) {
      Checkpoint moved = start;
      at::Tensor& strengths = moved.tensors["strengths." + std::to_string(id.cell_type)];
      strengths = strengths.clone();
      strengths[id.edge][id.operation] += side == 0 ? 0.003 : -0.003;
      auto stepped = trainer();
      ASSERT_TRUE(stepped->Load(moved).ok());
      WeightStep(*stepped, batch_);
      losses[side] = stepped->Evaluate(valid).loss;
    }
    const double expected = (losses[0] - losses[1]) / (2 * 0.003);
    norm += expected * expected;
    distance += std::pow(gradients[id] - expected, 2);
    first_distance += std::pow(first_gradients[id] - expected, 2);
  }
  // The curvature is such that the finite differences themselves are off by a part of what the look
  // ahead is about; a thousandth instead of a hundredth would be off by less.
  EXPECT_LT(std::sqrt(distance / norm), 0.03);
  EXPECT_LT(distance, 0.5 * first_distance);
}

TEST_F(SupernetTrainerTest, OtherWeightsAreForAWhileOnly) {
  Checkpoint before, between, after;
  trainer_->Save(&before);
  const double loss = trainer_->Backward(batch_, GradientsOf::kWeights).loss;
  const std::vector<at::Tensor> directions = trainer_->WeightGradients();
  trainer_->AtWeights(-0.01, directions, [&] {
    EXPECT_LT(Loss(), loss);
    trainer_->Save(&between);
  });
  trainer_->Save(&after);
  int moved = 0;
  for (const auto& [name, tensor] : before.tensors) {
    if (name.rfind("weights", 0) != 0) continue;
    EXPECT_TRUE(tensor.equal(after.tensors[name])) << name;
    moved += tensor.equal(between.tensors[name]) ? 0 : 1;
  }
  EXPECT_GT(moved, 100);
}

// At first there is no momentum.
TEST_F(SupernetTrainerTest, AWeightStepGoesInTheDirectionThatIsAskedFor) {
  options_.gradient_clip = 1e6;
  auto trainer = MakeTrainer(options_);
  for (int step = 0; step < 3; ++step) {
    Checkpoint looked, stepped;
    trainer->Backward(batch_, GradientsOf::kWeights);
    trainer->AtWeights(-trainer->learning_rate(), trainer->WeightDirections(),
                       [&] { trainer->Save(&looked); });
    trainer->ApplyWeights();
    trainer->Save(&stepped);
    for (const auto& [name, tensor] : stepped.tensors) {
      if (name.rfind("weights", 0) != 0 || !tensor.is_floating_point()) continue;
      EXPECT_TRUE(tensor.allclose(looked.tensors[name], 1e-5, 1e-7)) << name << step;
    }
  }
}

// Where the candidates have a skip-connection, one more with weight b is the same as b more weight.
TEST_F(SupernetTrainerTest, TheAuxiliarySkipIsOneMoreSkipConnection) {
  plan_.output_channels = 4 * plan_.cells[0].channels;
  plan_.cells.resize(1);  // a normal cell, whose skip-connections have no parameters
  options_.auxiliary_skip = 1;
  auto with = MakeTrainer(options_);
  with->SetAuxiliarySkip(0.25);
  options_.auxiliary_skip = 0;
  auto without = MakeTrainer(options_);
  EXPECT_GT(std::abs(with->Evaluate(batch_).loss - without->Evaluate(batch_).loss), 1e-3);
  Checkpoint moved;
  without->Save(&moved);
  constexpr int kSkip = 3;
  moved.tensors["strengths.0"] = moved.tensors["strengths.0"].clone();
  moved.tensors["strengths.0"].select(1, kSkip) += 0.25;
  ASSERT_TRUE(without->Load(moved).ok());
  EXPECT_NEAR(with->Evaluate(batch_).loss, without->Evaluate(batch_).loss, 1e-4);
}

TEST_F(SupernetTrainerTest, AnEdgeThatLosesEverythingLosesTheAuxiliarySkip) {
  options_.auxiliary_skip = 1;
  auto trainer = MakeTrainer(options_);
  std::vector<CandidateId> removed;
  for (int operation = 0; operation < space_.NumOperations(); ++operation) {
    removed.push_back({1, 0, operation});  // into the first node of the reduction cell: stride 2
  }
  auto same = MakeTrainer(options_);
  same->SetAuxiliarySkip(1);
  const int64_t before = trainer->NumParameters();
  trainer->Prune(removed);
  EXPECT_TRUE(std::isfinite(WeightStep(*trainer, batch_).loss));
  options_.auxiliary_skip = 0;
  auto plain = MakeTrainer(options_);
  const int64_t plain_before = plain->NumParameters();
  plain->Prune(removed);
  // As many as the edge's own candidates have, and those of its factorised reduction once more, in
  // each of the two reduction cells.
  EXPECT_EQ(before - trainer->NumParameters(),
            plain_before - plain->NumParameters() + 4 * 4 + 8 * 8);
}

TEST_F(SupernetTrainerTest, TheStrengthLossJoinsTheStrengthsGradient) {
  SupernetTrainer with(options_, plan_, space_, *RelaxationRegistry::Global().Make("unnormalized"),
                       *StrengthLossRegistry::Global().Make("l1:weight=3"));
  EXPECT_EQ(StrengthStep(with, batch_).loss, StrengthStep(*trainer_, batch_).loss);
  const NumberTable more = with.AppliedStrengthGradients(),
                    gradients = trainer_->AppliedStrengthGradients();
  for (int cell = 0; cell < 2; ++cell) {
    for (size_t i = 0; i < gradients.Values(cell).size(); ++i) {
      EXPECT_NEAR(more.Values(cell)[i] - gradients.Values(cell)[i], 3.0 / (2 * 14 * 8), 1e-6);
    }
  }
}

TEST_F(SupernetTrainerTest, TheStrengthLossHasTheWeightThatItWasGivenLast) {
  SupernetTrainer with(options_, plan_, space_, *RelaxationRegistry::Global().Make("unnormalized"),
                       *StrengthLossRegistry::Global().Make("l1"));
  with.SetStrengthLossWeight(0);
  EXPECT_EQ(StrengthStep(with, batch_).loss, StrengthStep(*trainer_, batch_).loss);
  EXPECT_EQ(with.AppliedStrengthGradients().Values(0),
            trainer_->AppliedStrengthGradients().Values(0));
}

TEST_F(SupernetTrainerTest, AWeightStepOfSomeOperationsIsAsIfOthersWereGone) {
  LivingTable kept(space_, true);
  for (int edge = 0; edge < space_.NumEdges(0); ++edge) kept[{0, edge, 1 + edge % 7}] = false;
  const double expected = trainer_->Evaluate(batch_, trainer_->MixingTensors(kept, {})).loss;
  EXPECT_NE(expected, Loss());
  EXPECT_NEAR(trainer_->Backward(batch_, trainer_->MixingTensors(kept, {})).loss, expected, 1e-5);
}

// none has a part in what bypasses partial channels.
TEST_F(SupernetTrainerTest, KeepingAllOperationsIsTheSupernetItself) {
  const NetworkPlan plan = *(*MakeSearchSpace("darts"))->Plan({4, 3, 3, 10});
  SupernetTrainer trainer(options_, plan, space_,
                          *RelaxationRegistry::Global().Make("softmax:partial_channels=2"));
  EXPECT_EQ(trainer.Evaluate(batch_, trainer.MixingTensors(trainer.living(), {})).loss,
            trainer.Evaluate(batch_).loss);
}

TEST_F(SupernetTrainerTest, AJointStepMovesBoth) {
  const double loss = Loss();
  const NumberTable before = trainer_->Strengths();
  EXPECT_EQ(Step("joint", trainer_.get(), batch_, {}).train.loss, loss);
  EXPECT_NE(trainer_->Strengths().Values(0), before.Values(0));
  const NumberTable gradients = trainer_->AppliedStrengthGradients();
  double sum = 0;
  for (double gradient : gradients.Values(1)) sum += std::abs(gradient);
  EXPECT_GT(sum, 0);
}

TEST_F(SupernetTrainerTest, ALossThatIsNotFiniteChangesNothing) {
  const double loss = Loss();
  Batch bad = batch_;
  bad.images = bad.images.clone();
  bad.images[0][0][0][0] = std::nanf("");
  EXPECT_TRUE(std::isnan(WeightStep(*trainer_, bad).loss));
  EXPECT_TRUE(std::isnan(StrengthStep(*trainer_, bad).loss));
  EXPECT_TRUE(std::isnan(Step("joint", trainer_.get(), bad, {}).train.loss));
  EXPECT_EQ(Loss(), loss);
}

TEST_F(SupernetTrainerTest, PruningFreesParameters) {
  const int64_t before = trainer_->NumParameters();
  const CandidateId id{0, 0, 4};  // sep_conv_3x3 in the one normal cell of 2 channels
  WeightStep(*trainer_, batch_);
  trainer_->Prune({id});
  EXPECT_EQ(trainer_->NumParameters(), before - 2 * (2 * 9 + 2 * 2));
  EXPECT_TRUE(std::isfinite(WeightStep(*trainer_, batch_).loss));
  EXPECT_TRUE(std::isfinite(StrengthStep(*trainer_, batch_).loss));
  EXPECT_EQ(trainer_->AppliedStrengthGradients()[id], 0);
}

// A recording reads its inputs, weights where they are, and nothing else.
TEST_F(SupernetTrainerTest, StepsCanBeRecordedAndReplayed) {
  RegisterReplaying();
  options_.auxiliary_skip = 0.5;
  for (const std::string optimization : {"bilevel", "joint", "bilevel_second_order"}) {
    std::vector<std::unique_ptr<SupernetTrainer>> trainers;
    for (const char* backend : {"reference", kReplaying}) {
      options_.backend = backend;
      trainers.push_back(MakeTrainer(options_));
    }
    at::manual_seed(4);
    for (int step = 0; step < 4; ++step) {
      const Batch train{at::randn({6, 3, 8, 8}), at::randint(10, {6}, at::kLong)};
      std::vector<OptimizationResult> results;
      for (const auto& trainer : trainers) {
        trainer->SetAuxiliarySkip(0.5 - 0.1 * step);
        if (step == 2) trainer->Prune({{0, 1, 3}, {1, 2, 5}});
        results.push_back(Step(optimization, trainer.get(), train, batch_));
      }
      EXPECT_EQ(results[0].train.loss, results[1].train.loss) << optimization;
      EXPECT_EQ(results[0].strength_loss, results[1].strength_loss) << optimization;
    }
    for (int cell = 0; cell < 2; ++cell) {
      EXPECT_EQ(trainers[0]->Strengths().Values(cell), trainers[1]->Strengths().Values(cell))
          << optimization;
    }
  }
}

TEST_F(SupernetTrainerTest, ComputesInBfloat16AndLearnsInFloat32) {
  batch_ = {at::randn({16, 3, 16, 16}), at::randint(10, {16}, at::kLong)};
  options_.device.precision = "bfloat16";
  const auto rough = MakeTrainer(options_);
  const double loss = rough->Evaluate(batch_).loss;
  EXPECT_NE(loss, Loss());
  EXPECT_NEAR(loss, Loss(), 0.05);
  rough->Backward(batch_, GradientsOf::kBoth);
  trainer_->Backward(batch_, GradientsOf::kBoth);
  const std::vector<at::Tensor> roughly = rough->WeightGradients(),
                                exactly = trainer_->WeightGradients();
  double difference = 0, all = 0;
  for (size_t i = 0; i < exactly.size(); ++i) {
    ASSERT_EQ(roughly[i].defined(), exactly[i].defined());
    if (!exactly[i].defined()) continue;
    EXPECT_EQ(roughly[i].scalar_type(), at::kFloat);
    difference += (roughly[i] - exactly[i]).square().sum().item<double>();
    all += exactly[i].square().sum().item<double>();
  }
  EXPECT_LT(difference, 0.05 * all);
}

}  // namespace
}  // namespace nap
