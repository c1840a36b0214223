// What each criterion says of searches whose answers are known; those that compare whole
// architectures are in architecture_criteria_test.cc, what all must keep in
// criterion_conformance_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "nap/pruning/criterion.h"
#include "nap/pruning/search_view_for_tests.h"

namespace nap {
namespace {

CandidateSpace SmallSpace() {
  return {{CellTopology::Dense("cell", 1, 2, 1)}, {{"none", true}, {"a"}, {"b"}}};
}

// Two images that agree in as many of 100 units as the sum of the living operations' worth.
class FakeNetwork final : public NetworkView {
 public:
  explicit FakeNetwork(int64_t initialisation, double worth = 1)
      : initialisation_(initialisation), worth_(worth) {}

  double Loss(const LivingTable& living) override { return worth_ * Agreement(living) / 10; }
  std::vector<double> ActivationKernel(const LivingTable& living) override {
    const double agreement = Agreement(living);
    return {100, agreement, agreement, 100};
  }
  // Every operation makes the images agree in less.
  double Agreement(const LivingTable& living) const {
    double agreement = 90.0 - static_cast<double>(initialisation_);
    for (int edge = 0; edge < 3; ++edge) {
      for (int operation = 1; operation < 3; ++operation) {
        if (living[{0, edge, operation}]) agreement -= 5 * edge + operation;
      }
    }
    return agreement;
  }

 private:
  const int64_t initialisation_;
  const double worth_;
};

// A search whose loss without an operation is known.
class FakeView final : public SearchViewForTests {
 public:
  FakeView() : SearchViewForTests(SmallSpace()), weights_(space_) {}

  NumberTable MixingWeights() const override { return weights_; }
  double ValidationLoss(int64_t batches, std::optional<CandidateId> without) override {
    ++evaluations_;
    batches_ = batches;
    if (!without.has_value()) return 2.0;
    return 2.0 + without->edge - 0.25 * without->operation;
  }
  absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice& choice) override {
    choices_.push_back(choice);
    return std::make_unique<FakeNetwork>(choice.initialisation, worth_);
  }
  absl::StatusOr<NumberTable> FinalParameters() override {
    NumberTable parameters(space_);
    parameters[{0, 1, 2}] = 17;
    return parameters;
  }

  NumberTable weights_;
  double worth_ = 1;  // of a network's loss
  int evaluations_ = 0;
  int64_t batches_ = 0;  // that were asked for last
  std::vector<NetworkChoice> choices_;
};

std::unique_ptr<PruningCriterion> Make(const std::string& name) {
  return *MakeCriterion(name, SmallSpace());
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
  const NumberTable scores = *Make("node_magnitude")->Score(view);
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
  NumberTable strengths(view.space_), gradients(view.space_);
  strengths[id] = 2;
  gradients[id] = -3;
  taylor->ObserveStrengthStep(strengths, gradients);
  gradients[id] = 1;
  taylor->ObserveStrengthStep(strengths, gradients);
  EXPECT_EQ((*taylor->Score(view))[id], (6 + 2) / 2.0);
  EXPECT_EQ((*taylor->Score(view))[id], (6 + 2) / 2.0);  // scored anew within the milestone
  view.milestone_ = 1;
  EXPECT_FALSE(taylor->Score(view).ok());
  taylor->ObserveStrengthStep(strengths, gradients);
  EXPECT_EQ((*taylor->Score(view))[id], 2);
  EXPECT_EQ(taylor->SetState({1, 2}).message(), "the taylor criterion keeps 12 numbers, not 2");
  std::vector<double> state = taylor->State();
  state[0] = 1e300;
  EXPECT_EQ(taylor->SetState(state).message(),
            "the taylor criterion cannot have seen 1e+300 steps up to its milestone 1");
}

TEST(CriteriaTest, AblationIsTheGrowthOfTheLoss) {
  FakeView view;
  view.living_[{0, 2, 1}] = false;
  const auto scores = Make("ablation")->Score(view);
  EXPECT_EQ(((*scores)[{0, 1, 2}]), 1 - 0.5);
  EXPECT_EQ(((*scores)[{0, 0, 1}]), -0.25);
  // Once whole and once for each living operation that is not zero.
  EXPECT_EQ(view.evaluations_, 1 + 5);
  EXPECT_EQ(view.batches_, 4);
  ASSERT_TRUE(Make("ablation:batches=7")->Score(view).ok());
  EXPECT_EQ(view.batches_, 7);
}

double LogDeterminant(double agreement) {
  return std::log((101 - agreement) * (101 + agreement));  // with the ridge
}

TEST(CriteriaTest, ActivationKernelIsWhatTheScoreLosesWithoutTheOperation) {
  FakeView view;
  view.living_[{0, 0, 2}] = false;  // {0, 0, 1} is the last of its node
  const auto criterion =
      Make("activation_kernel:initialisations=2,images=2,batches=1,cells=3,mixing_weight=0.5");
  EXPECT_EQ(criterion->RemovalsPerScoring(100), 1);
  const NumberTable scores = *criterion->Score(view);
  const auto mean = [](const LivingTable& living) {
    return (LogDeterminant(FakeNetwork(0).Agreement(living)) +
            LogDeterminant(FakeNetwork(1).Agreement(living))) /
           2;
  };
  for (int edge = 1; edge < 3; ++edge) {
    for (int operation = 1; operation < 3; ++operation) {
      LivingTable without = view.living_;
      without[{0, edge, operation}] = false;
      EXPECT_NEAR((scores[{0, edge, operation}]), mean(view.living_) - mean(without), 1e-12);
    }
  }
  // What cannot be left out is worth as much as the most valuable other one.
  EXPECT_EQ((scores[{0, 0, 1}]), (scores[{0, 2, 2}]));
  EXPECT_GT((scores[{0, 2, 2}]), (scores[{0, 1, 1}]));

  ASSERT_EQ(view.choices_.size(), 2);
  EXPECT_EQ(view.choices_[1].initialisation, 1);
  EXPECT_EQ(view.choices_[1].batch, 1);
  EXPECT_EQ(view.choices_[1].cells, 3);
  EXPECT_EQ(view.choices_[1].mixing_weight, 0.5);
  EXPECT_FALSE(view.choices_[1].batch_norms);
  // The networks of a milestone are made once.
  EXPECT_TRUE(criterion->Score(view).ok());
  EXPECT_EQ(view.choices_.size(), 2);
  view.milestone_ = 1;
  EXPECT_TRUE(criterion->Score(view).ok());
  EXPECT_EQ(view.choices_.size(), 4);
}

TEST(CriteriaTest, ParametersAreThoseOfTheFinalNetwork) {
  FakeView view;
  const NumberTable exact = *Make("parameters")->Score(view);
  EXPECT_EQ((exact[{0, 1, 2}]), 17);
  EXPECT_EQ((exact[{0, 1, 1}]), 0);
  // Where chance decides among equals, it does so in the same way for one seed.
  const std::string shuffled = "parameters:shuffle_ties=1";
  const NumberTable scores = *Make(shuffled)->Score(view);
  EXPECT_EQ(std::floor(scores[{0, 1, 2}]), 17);
  EXPECT_EQ(std::floor(scores[{0, 1, 1}]), 0);
  EXPECT_NE((scores[{0, 1, 1}]), (scores[{0, 2, 1}]));
  EXPECT_EQ(Make(shuffled)->Score(view)->Values(0), scores.Values(0));
  view.seed_ = 2;
  EXPECT_NE(Make(shuffled)->Score(view)->Values(0), scores.Values(0));
}

TEST(CriteriaTest, OnlyWhatNeedsNoTrainingIsAskedBeforeIt) {
  const auto message = [](const char* name) {
    return std::string(MakeCriterion(name, SmallSpace(), /*trained=*/false).status().message());
  };
  for (const char* name : {"activation_kernel", "best_of_random", "expected_score", "parameters",
                           "random", "rank_sum:of=random+parameters"}) {
    EXPECT_EQ(message(name), "");
  }
  for (const char* name :
       {"ablation", "magnitude", "node_magnitude", "taylor", "rank_sum:of=random+ablation"}) {
    EXPECT_EQ(message(name).find("--prune_begin=0 prunes before anything is trained"), 0) << name;
  }
}

TEST(CriteriaTest, AreMadeByNameAndParameters) {
  EXPECT_EQ(
      MakeCriterion("activation_kernel:images=1", SmallSpace()).status().message(),
      "pruning criterion 'activation_kernel:images=1': parameter images=1 must be a whole number "
      "from 2 on");
  EXPECT_EQ(MakeCriterion("magnitude:images=1", SmallSpace()).status().message(),
            "pruning criterion 'magnitude:images=1': unknown parameter 'images'; there are none");
  EXPECT_FALSE(MakeCriterion("no_such:images=1", SmallSpace()).ok());
}

// In a loss that is a sum every order says the same.
TEST(CriteriaTest, ShapleyIsWhatAnOperationAddsInAnyOrder) {
  FakeView view;
  const auto criterion = Make("shapley:orders=40,truncation=100,images=7");
  const NumberTable scores = *criterion->Score(view);
  for (int edge = 0; edge < 3; ++edge) {
    for (int operation = 1; operation < 3; ++operation) {
      EXPECT_NEAR((scores[{0, edge, operation}]), (5 * edge + operation) / 10., 1e-12);
    }
  }
  ASSERT_EQ(view.choices_.size(), 40u);
  EXPECT_EQ(view.choices_[3].batch, 3);
  EXPECT_EQ(view.choices_[3].images, 7);
  EXPECT_EQ(view.choices_[3].weights, NetworkChoice::Weights::kTrained);
  EXPECT_TRUE(view.choices_[3].batch_norms);
}

// Each order ends with its first operation, which is one that no order has come to.
TEST(CriteriaTest, ShapleyEndsAnOrderThatHasLostTooMuch) {
  FakeView view;
  const NumberTable all = *Make("shapley:orders=6,truncation=0")->Score(view);
  const NumberTable two = *Make("shapley:orders=2,truncation=0")->Score(view);
  int highest = 0;
  for (int edge = 0; edge < 3; ++edge) {
    for (int operation = 1; operation < 3; ++operation) {
      EXPECT_NEAR((all[{0, edge, operation}]), (5 * edge + operation) / 10., 1e-12);
      highest += two[{0, edge, operation}] >=
                 *std::max_element(two.Values(0).begin(), two.Values(0).end());
    }
  }
  EXPECT_EQ(highest, 5);  // of which four were not measured
}

TEST(CriteriaTest, NoCriterionTakesWhatIsNoNumberForZero) {
  FakeView view;
  view.worth_ = std::nan("");
  EXPECT_EQ(Make("shapley")->Score(view).status().message(), "the supernet's loss is nan");
  view.weights_[{0, 1, 1}] = std::nan("");
  EXPECT_TRUE(std::isnan((*Make("node_magnitude")->Score(view))[{0, 1, 1}]));
}

TEST(CriteriaTest, ARemovalsParameterMayBeAnyNumber) {
  EXPECT_EQ(RemovalsOf(0, 100), 0);
  EXPECT_EQ(RemovalsOf(0.125, 100), 12);
  EXPECT_EQ(RemovalsOf(0.001, 100), 1);
  EXPECT_EQ(RemovalsOf(3, 100), 3);
  EXPECT_GT(RemovalsOf(1e19, 100), 100);
}

TEST(CriteriaTest, RankSumAddsRanks) {
  FakeView view;
  for (double& weight : view.weights_.Values(0)) weight = 0.5;
  view.weights_[{0, 1, 1}] = -3;
  // By weight all but one share ranks 1 to 5; the loss grows with the edge, less with b than with
  // a.
  const NumberTable scores = *Make("rank_sum:of=magnitude+ablation")->Score(view);
  EXPECT_EQ((scores[{0, 1, 1}]), 6 + 4);
  EXPECT_EQ((scores[{0, 1, 2}]), 3 + 3);
  EXPECT_EQ((scores[{0, 0, 1}]), 3 + 2);
  EXPECT_EQ((scores[{0, 2, 1}]), 3 + 6);
}

TEST(CriteriaTest, RankSumNamesAPartWithoutANumber) {
  FakeView view;
  view.weights_[{0, 1, 1}] = std::nan("");
  EXPECT_EQ(Make("rank_sum:of=parameters+magnitude")->Score(view).status().message(),
            "rank_sum: the criterion magnitude gives nan");
}

TEST(CriteriaTest, CriteriaNameTheScoresThatTheyAskFor) {
  EXPECT_TRUE(Make("magnitude")->scores().empty());
  EXPECT_EQ(Make("rank_sum:of=magnitude+expected_score:score=synflow/samples=3")->scores(),
            std::vector<std::string>{"synflow"});
  EXPECT_EQ(Make("best_of_random:of=synflow+training_loss:steps=3/images=8")->scores(),
            (std::vector<std::string>{"synflow", "training_loss:steps=3,images=8"}));
}

TEST(CriteriaTest, RankSumIsScoredAsOftenAsItsPartsWant) {
  EXPECT_EQ(Make("rank_sum:of=magnitude+parameters")->RemovalsPerScoring(100), 0);
  EXPECT_EQ(Make("rank_sum:of=magnitude+expected_score:removals=7/samples=3+activation_kernel:"
                 "removals=9")
                ->RemovalsPerScoring(100),
            7);
}

TEST(CriteriaTest, RemovalsAreANumberOrAShareOfWhatLives) {
  const auto removals = [](const std::string& parameter, int64_t living) {
    return Make("activation_kernel:removals=" + parameter)->RemovalsPerScoring(living);
  };
  EXPECT_EQ(removals("0", 100), 0);
  EXPECT_EQ(removals("3", 100), 3);
  EXPECT_EQ(removals("0.125", 100), 12);
  EXPECT_EQ(removals("0.125", 7), 1);
}

TEST(CriteriaTest, RankSumNamesWhatIsWrong) {
  EXPECT_EQ(
      MakeCriterion("rank_sum", SmallSpace()).status().message(),
      "pruning criterion 'rank_sum': of= names no criterion; give some with '+' between them: "
      "of=activation_kernel+parameters");
  EXPECT_NE(MakeCriterion("rank_sum:of=magnitude+x", SmallSpace())
                .status()
                .message()
                .find("unknown pruning criterion 'x'"),
            std::string::npos);
}

TEST(CriteriaTest, RandomDependsOnSeedAndMilestoneAlone) {
  FakeView view;
  const NumberTable first = *Make("random")->Score(view);
  EXPECT_EQ(Make("random")->Score(view)->Values(0), first.Values(0));
  view.milestone_ = 1;
  EXPECT_NE(Make("random")->Score(view)->Values(0), first.Values(0));
  view.milestone_ = 0;
  view.seed_ = 2;
  EXPECT_NE(Make("random")->Score(view)->Values(0), first.Values(0));
}

}  // namespace
}  // namespace nap
