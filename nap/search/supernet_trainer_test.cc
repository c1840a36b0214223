#include "nap/search/supernet_trainer.h"

#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nap/search/candidate_space.h"

namespace nap {
namespace {

class SupernetTrainerTest : public testing::Test {
 protected:
  SupernetTrainerTest() {
    options_.device = "cpu";
    options_.seed = 3;
    options_.strength_weight_decay = 0;
    const auto search_space = (*SearchSpaceRegistry::Global().Find("darts"))->make();
    space_ = *MakeCandidateSpace(*search_space, {});
    trainer_ =
        std::make_unique<SupernetTrainer>(options_, *search_space->Plan({2, 3, 3, 10}), space_,
                                          **RelaxationRegistry::Global().Find("unnormalized"));
    batch_ = {at::randn({6, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast),
              at::randint(10, {6}, at::kLong)};
  }

  double Loss(std::optional<CandidateId> without = std::nullopt) {
    return trainer_->Evaluate(batch_, without).loss;
  }

  SearchOptions options_;
  CandidateSpace space_;
  std::unique_ptr<SupernetTrainer> trainer_;
  Batch batch_;
};

TEST_F(SupernetTrainerTest, AWeightStepMovesWeightsAlone) {
  const ScoreTable before = trainer_->Strengths();
  const double loss = Loss();
  EXPECT_EQ(trainer_->WeightStep(batch_).loss, loss);
  EXPECT_NE(Loss(), loss);
  const ScoreTable after = trainer_->Strengths(), gradients = trainer_->StrengthGradients();
  for (int cell = 0; cell < 2; ++cell) {
    EXPECT_EQ(after.Values(cell), before.Values(cell));
    for (double gradient : gradients.Values(cell)) EXPECT_EQ(gradient, 0);
  }
}

TEST_F(SupernetTrainerTest, AStrengthStepMovesStrengthsAlone) {
  const ScoreTable before = trainer_->Strengths();
  const double loss = Loss();
  EXPECT_EQ(trainer_->StrengthStep(batch_).loss, loss);
  const ScoreTable after = trainer_->Strengths(), gradients = trainer_->StrengthGradients();
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
  trainer_->WeightStep(batch_);
  EXPECT_LT(trainer_->WeightStep(batch_).loss, loss + 1);
}

TEST_F(SupernetTrainerTest, MaskingIsTheLossWithoutTheOperation) {
  const CandidateId id{0, 3, 4};
  LivingTable living(space_, true);
  const double masked = Loss(id);
  EXPECT_NE(masked, Loss());
  living[id] = false;
  trainer_->Prune({id}, living);
  EXPECT_NEAR(Loss(), masked, 1e-5);
  EXPECT_EQ(trainer_->MixingWeights()[id], 0);
}

TEST_F(SupernetTrainerTest, AJointStepMovesBoth) {
  const double loss = Loss();
  const ScoreTable before = trainer_->Strengths();
  EXPECT_EQ(trainer_->JointStep(batch_).loss, loss);
  EXPECT_NE(trainer_->Strengths().Values(0), before.Values(0));
  const ScoreTable gradients = trainer_->StrengthGradients();
  double sum = 0;
  for (double gradient : gradients.Values(1)) sum += std::abs(gradient);
  EXPECT_GT(sum, 0);
}

TEST_F(SupernetTrainerTest, ALossThatIsNotFiniteChangesNothing) {
  const double loss = Loss();
  Batch bad = batch_;
  bad.images = bad.images.clone();
  bad.images[0][0][0][0] = std::nanf("");
  EXPECT_TRUE(std::isnan(trainer_->WeightStep(bad).loss));
  EXPECT_TRUE(std::isnan(trainer_->StrengthStep(bad).loss));
  EXPECT_TRUE(std::isnan(trainer_->JointStep(bad).loss));
  EXPECT_EQ(Loss(), loss);
}

TEST_F(SupernetTrainerTest, PruningFreesParameters) {
  const int64_t before = trainer_->NumParameters();
  LivingTable living(space_, true);
  const CandidateId id{0, 0, 4};  // sep_conv_3x3 in the one normal cell of 2 channels
  living[id] = false;
  trainer_->WeightStep(batch_);
  trainer_->Prune({id}, living);
  EXPECT_EQ(trainer_->NumParameters(), before - 2 * (2 * 9 + 2 * 2));
  EXPECT_TRUE(std::isfinite(trainer_->WeightStep(batch_).loss));
  EXPECT_TRUE(std::isfinite(trainer_->StrengthStep(batch_).loss));
  EXPECT_EQ(trainer_->StrengthGradients()[id], 0);
}

}  // namespace
}  // namespace nap
