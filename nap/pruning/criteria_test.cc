#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "nap/pruning/criterion.h"

namespace nap {
namespace {

CandidateSpace SmallSpace() {
  return {{CellTopology::Dense("cell", 1, 2, 1)}, {{"none", true}, {"a"}, {"b"}}};
}

// A search whose loss without an operation is known.
class FakeView final : public SearchView {
 public:
  FakeView() : living_(space_, true), weights_(space_) {}

  const CandidateSpace& space() const override { return space_; }
  const LivingTable& living() const override { return living_; }
  ScoreTable MixingWeights() const override { return weights_; }
  double ValidationLoss(std::optional<CandidateId> without) override {
    ++evaluations_;
    if (!without.has_value()) return 2.0;
    EXPECT_TRUE(living_[*without]) << "an operation that is gone was masked";
    return 2.0 + without->edge - 0.25 * without->operation;
  }
  uint64_t seed() const override { return seed_; }
  int milestone() const override { return milestone_; }

  CandidateSpace space_ = SmallSpace();
  LivingTable living_;
  ScoreTable weights_;
  uint64_t seed_ = 1;
  int milestone_ = 0;
  int evaluations_ = 0;
};

std::unique_ptr<PruningCriterion> Make(const std::string& name) {
  return (*PruningCriterionRegistry::Global().Find(name))->make(SmallSpace());
}

TEST(CriteriaTest, MagnitudeIgnoresTheSign) {
  FakeView view;
  view.weights_[{0, 1, 2}] = -0.75;
  view.weights_[{0, 2, 1}] = 0.5;
  const auto scores = Make("magnitude")->Score(view);
  EXPECT_EQ(((*scores)[{0, 1, 2}]), 0.75);
  EXPECT_EQ(((*scores)[{0, 2, 1}]), 0.5);
}

// Edges 0 -> 1, 0 -> 2, 1 -> 2.
TEST(CriteriaTest, NodeMagnitudeIsFreeOfEachNodesScale) {
  FakeView view;
  view.living_[{0, 2, 2}] = false;
  const std::vector<std::pair<CandidateId, double>> weights = {
      {{0, 0, 1}, 0.3}, {{0, 0, 2}, -0.4}, {{0, 1, 1}, 2.0}, {{0, 1, 2}, 1.0}, {{0, 2, 1}, -2.0}};
  for (const auto& [id, weight] : weights) view.weights_[id] = weight;
  view.weights_[{0, 0, 0}] = 7;  // none does not count
  const ScoreTable scores = *Make("node_magnitude")->Score(view);
  const double first = std::sqrt((0.09 + 0.16) / 2), second = std::sqrt((4.0 + 1 + 4) / 3);
  for (const auto& [id, weight] : weights) {
    const double expected = std::abs(weight) / (id.edge == 0 ? first : second);
    EXPECT_NEAR(scores[id], expected, 1e-12) << id.edge << " " << id.operation;
  }
  for (double& weight : view.weights_.Values(0)) weight = 0;
  EXPECT_EQ((*Make("node_magnitude")->Score(view))[weights[0].first], 0);
}

TEST(CriteriaTest, TaylorAveragesSinceTheLastMilestone) {
  FakeView view;
  const auto taylor = Make("taylor");
  EXPECT_EQ(taylor->Score(view).status().code(), absl::StatusCode::kFailedPrecondition);
  const CandidateId id{0, 1, 1};
  ScoreTable strengths(view.space_), gradients(view.space_);
  strengths[id] = 2;
  gradients[id] = -3;
  taylor->ObserveStrengthStep(strengths, gradients);
  gradients[id] = 1;
  taylor->ObserveStrengthStep(strengths, gradients);
  EXPECT_EQ((*taylor->Score(view))[id], (6 + 2) / 2.0);
  taylor->ObserveStrengthStep(strengths, gradients);
  EXPECT_EQ((*taylor->Score(view))[id], 2);
}

TEST(CriteriaTest, TaylorGoesOnFromItsState) {
  FakeView view;
  const auto taylor = Make("taylor"), other = Make("taylor");
  const CandidateId id{0, 2, 1};
  ScoreTable strengths(view.space_), gradients(view.space_);
  strengths[id] = 2;
  gradients[id] = 0.1;
  taylor->ObserveStrengthStep(strengths, gradients);
  ASSERT_TRUE(other->SetState(taylor->State()).ok());
  for (const auto& criterion : {taylor.get(), other.get()}) {
    criterion->ObserveStrengthStep(strengths, strengths);
  }
  const ScoreTable scores = *taylor->Score(view);
  EXPECT_EQ(scores[id], (2 * 0.1 + 4) / 2);
  EXPECT_EQ(other->Score(view)->Values(0), scores.Values(0));
  EXPECT_EQ(taylor->SetState({1, 2}).message(), "the taylor criterion keeps 10 numbers, not 2");
}

TEST(CriteriaTest, CriteriaWithoutStateTakeNone) {
  for (const char* name : {"magnitude", "node_magnitude", "ablation", "random"}) {
    EXPECT_TRUE(Make(name)->State().empty());
    EXPECT_TRUE(Make(name)->SetState({}).ok());
    EXPECT_FALSE(Make(name)->SetState({1}).ok());
  }
}

TEST(CriteriaTest, AblationIsTheGrowthOfTheLoss) {
  FakeView view;
  view.living_[{0, 2, 1}] = false;
  const auto scores = Make("ablation")->Score(view);
  EXPECT_EQ(((*scores)[{0, 1, 2}]), 1 - 0.5);
  EXPECT_EQ(((*scores)[{0, 0, 1}]), -0.25);
  // Once whole and once for each living operation that is not zero.
  EXPECT_EQ(view.evaluations_, 1 + 5);
}

TEST(CriteriaTest, RandomDependsOnSeedAndMilestoneAlone) {
  FakeView view;
  const ScoreTable first = *Make("random")->Score(view);
  EXPECT_EQ(Make("random")->Score(view)->Values(0), first.Values(0));
  view.milestone_ = 1;
  EXPECT_NE(Make("random")->Score(view)->Values(0), first.Values(0));
  view.milestone_ = 0;
  view.seed_ = 2;
  EXPECT_NE(Make("random")->Score(view)->Values(0), first.Values(0));
}

}  // namespace
}  // namespace nap
