#include "nap/pruning/cost_weighting.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace nap {
namespace {

const CandidateSpace& SmallSpace() {
  static const auto* const space = new CandidateSpace{
      {CellTopology::Dense("cell", 1, 1, 1)}, {{"none", true}, {"free"}, {"mean"}, {"twice"}}};
  return *space;
}

class NoView final : public SearchView {
 public:
  const CandidateSpace& space() const override { return SmallSpace(); }
  const LivingTable& living() const override { return living_; }
  NumberTable MixingWeights() const override { return NumberTable(SmallSpace()); }
  double ValidationLoss(int64_t, std::optional<CandidateId>) override { return 0; }
  absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice&) override {
    return absl::UnimplementedError("no network");
  }
  absl::StatusOr<NumberTable> FinalParameters() override { return NumberTable(SmallSpace()); }
  absl::StatusOr<LivingTable> RandomArchitecture(uint64_t) override { return living(); }
  absl::StatusOr<double> ArchitectureScore(const std::string&, const LivingTable&) override {
    return 0;
  }
  uint64_t seed() const override { return 0; }
  int milestone() const override { return 0; }

 private:
  LivingTable living_{SmallSpace(), true};
};

// Gives the scores that it was given, and keeps what it observes.
class Given final : public PruningCriterion {
 public:
  explicit Given(std::vector<double> scores) : scores_(std::move(scores)) {}

  void ObserveStrengthStep(const NumberTable& strengths, const NumberTable&) override {
    state_ = strengths.Values(0);
  }
  std::vector<double> State() const override { return state_; }
  absl::Status SetState(const std::vector<double>& state) override {
    state_ = state;
    return absl::OkStatus();
  }
  int64_t RemovalsPerScoring(int64_t living) const override { return living / 2; }
  std::vector<std::string> scores() const override { return {"synflow"}; }
  bool has_decided() const override { return !state_.empty(); }
  const LivingTable* choice() const override { return &choice_; }
  std::vector<SampledArchitecture> samples() const override { return {{choice_, {2.5}}}; }
  bool works_before_training() const override { return true; }
  absl::StatusOr<NumberTable> Score(SearchView&) override {
    if (scores_.empty()) return absl::FailedPreconditionError("no scores");
    NumberTable table(SmallSpace());
    table.Values(0) = scores_;
    return table;
  }

 private:
  const std::vector<double> scores_;
  const LivingTable choice_{SmallSpace(), true};
  std::vector<double> state_;
};

std::unique_ptr<PruningCriterion> Weigh(std::vector<double> scores, std::vector<double> costs,
                                        double exponent) {
  NumberTable table(SmallSpace());
  table.Values(0) = std::move(costs);
  return WeightByCost(std::make_unique<Given>(std::move(scores)), SmallSpace(), table, exponent);
}

std::vector<double> Scores(PruningCriterion& criterion) {
  NoView view;
  return criterion.Score(view)->Values(0);
}

// The mean cost is 100: the zero operation's does not count.
TEST(CostWeightingTest, IsTheFormula) {
  const std::vector<double> costs = {9000, 0, 100, 200};
  EXPECT_EQ(Scores(*Weigh({1, 6, 6, 6}, costs, 1)), (std::vector<double>{1, 6, 3, 2}));
  EXPECT_EQ(Scores(*Weigh({1, -6, -6, -6}, costs, 1)), (std::vector<double>{1, -6, -12, -18}));
  EXPECT_EQ(Scores(*Weigh({1, 8, 8, -9}, costs, 2)), (std::vector<double>{1, 8, 2, -81}));
  EXPECT_DOUBLE_EQ(Scores(*Weigh({0, 0, 0, 3}, costs, 0.5))[3], std::sqrt(3));
}

TEST(CostWeightingTest, WithoutExponentOrCostsLeavesTheBits) {
  const std::vector<double> scores = {0.1, 1.0 / 3, -0.7, 1e-300};
  EXPECT_EQ(Scores(*Weigh(scores, {0, 1, 20, 300}, 0)), scores);
  EXPECT_EQ(Scores(*Weigh(scores, {0, 0, 0, 0}, 2)), scores);
}

TEST(CostWeightingTest, HandsOnAllElse) {
  const auto criterion = Weigh({}, {0, 1, 2, 3}, 1);
  EXPECT_FALSE(criterion->has_decided());
  criterion->ObserveStrengthStep(NumberTable(SmallSpace(), 2.5), NumberTable(SmallSpace()));
  EXPECT_EQ(criterion->State(), (std::vector<double>{2.5, 2.5, 2.5, 2.5}));
  ASSERT_TRUE(criterion->SetState({4}).ok());
  EXPECT_EQ(criterion->State(), std::vector<double>{4});
  EXPECT_EQ(criterion->RemovalsPerScoring(6), 3);
  EXPECT_EQ(criterion->scores(), std::vector<std::string>{"synflow"});
  EXPECT_TRUE(criterion->works_before_training());
  EXPECT_TRUE(criterion->has_decided());
  ASSERT_NE(criterion->choice(), nullptr);
  EXPECT_EQ(*criterion->choice(), LivingTable(SmallSpace(), true));
  ASSERT_EQ(criterion->samples().size(), 1u);
  EXPECT_EQ(criterion->samples()[0].scores, std::vector<double>{2.5});
  NoView view;
  EXPECT_EQ(criterion->Score(view).status().message(), "no scores");
}

}  // namespace
}  // namespace nap
