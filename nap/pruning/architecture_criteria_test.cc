// What the criteria that compare whole architectures say of searches whose answers are known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/pruning/criterion.h"
#include "nap/pruning/search_view_for_tests.h"

namespace nap {
namespace {

CandidateSpace SmallSpace() {
  return {{CellTopology::Dense("cell", 1, 2, 1)}, {{"none", true}, {"a"}, {"b"}}};
}

// A search that says what was asked, with architectures whose worth is known.
class FakeView final : public SearchViewForTests {
 public:
  FakeView() : SearchViewForTests(SmallSpace()) {}

  absl::StatusOr<LivingTable> RandomArchitecture(uint64_t number) override {
    drawn_.push_back(number);
    return SearchViewForTests::RandomArchitecture(number);
  }
  // An a is worth 1, a b is worth 2 and the number of its edge; or only the first edge's b is.
  absl::StatusOr<double> ArchitectureScore(const std::string& score,
                                           const LivingTable& architecture) override {
    if (score == "first") {
      firsts_.push_back(Worth(architecture));
      return architecture[{0, 0, 2}] ? 1 : 0;
    }
    if (score != "worth:a=1,b=2") return absl::NotFoundError(score);
    worths_.push_back(Worth(architecture));
    return worths_.back();
  }
  double Worth(const LivingTable& architecture) const {
    double worth = 0;
    for (const CandidateId& id : LivingOperations(space_, architecture, 0)) {
      worth += id.operation == 1 ? 1 : 2 + id.edge;
    }
    return worth;
  }

  int processes() const override { return processes_; }

  int processes_ = 1;
  std::vector<uint64_t> drawn_;
  std::vector<double> worths_, firsts_;  // of the architectures whose score was asked, in order
};

std::unique_ptr<PruningCriterion> Make(const std::string& name) {
  return *MakeCriterion(name, SmallSpace());
}

TEST(ArchitectureCriteriaTest, ExpectedScoreIsWhatAnOperationAdds) {
  FakeView view;
  const auto criterion = Make("expected_score:score=worth:a=1/b=2,samples=2000,removals=2,prior=0");
  EXPECT_EQ(criterion->RemovalsPerScoring(100), 2);
  const NumberTable scores = *ScoreToTheEnd(*criterion, view);
  // Each is in half of the architectures; b is worth 1 + edge more than a.
  for (int edge = 0; edge < 3; ++edge) {
    EXPECT_NEAR((scores[{0, edge, 2}]), (1 + edge) / 2., 0.15);
    EXPECT_NEAR((scores[{0, edge, 1}]), -(1 + edge) / 2., 0.15);
  }
  // Other architectures the next time, of what still lives; the earlier ones count on.
  view.living_[{0, 2, 1}] = false;
  const NumberTable later = *ScoreToTheEnd(*criterion, view);
  EXPECT_NE((later[{0, 0, 1}]), (scores[{0, 0, 1}]));
  EXPECT_NEAR((later[{0, 0, 1}]), -0.5, 0.15);
  // All of the second half have it, none of them is better for it.
  EXPECT_NEAR((later[{0, 2, 2}]), 1.5 / 3, 0.1);
  EXPECT_EQ(std::set<uint64_t>(view.drawn_.begin(), view.drawn_.end()).size(), 4000u);
}

// Two edges' b are worth 2 and 3; what is known of one of them says something of the other.
TEST(ArchitectureCriteriaTest, ExpectedScoreIsDrawnTowardsThatOfItsKind) {
  FakeView view;
  const auto score = [&](const std::string& prior) {
    const auto criterion = Make("expected_score:score=worth:a=1/b=2,samples=50,prior=" + prior);
    return *ScoreToTheEnd(*criterion, view);
  };
  const NumberTable alone = score("0"), near = score("10"), kind = score("1e12");
  for (int operation = 1; operation < 3; ++operation) {
    EXPECT_NEAR((kind[{0, 0, operation}]), (kind[{0, 2, operation}]), 1e-6);
    for (int edge = 0; edge < 3; ++edge) {
      const double away = alone[{0, edge, operation}] - kind[{0, edge, operation}];
      const double less = near[{0, edge, operation}] - kind[{0, edge, operation}];
      EXPECT_GT(away * less, 0);
      EXPECT_LT(std::abs(less), 0.9 * std::abs(away));
    }
  }
}

TEST(ArchitectureCriteriaTest, BestOfRandomChoosesAnArchitecture) {
  FakeView view;
  const auto criterion = Make("best_of_random:of=worth:a=1/b=2,samples=5");
  EXPECT_EQ(criterion->choice(), nullptr);
  EXPECT_EQ(criterion->RemovalsPerScoring(100), 0);
  for (int time = 0; time < 3; ++time) {
    view.worths_.clear();
    const NumberTable scores = *ScoreToTheEnd(*criterion, view);
    ASSERT_EQ(view.worths_.size(), 5u);
    ASSERT_NE(criterion->choice(), nullptr);
    EXPECT_EQ(view.Worth(*criterion->choice()),
              *std::max_element(view.worths_.begin(), view.worths_.end()));
    // Its operations are worth the most.
    for (const CandidateId& id : LivingOperations(view.space_, view.living_)) {
      EXPECT_EQ(scores[id] == 5, (*criterion->choice())[id]);
    }
  }
  // Others each time.
  EXPECT_EQ(std::set<uint64_t>(view.drawn_.begin(), view.drawn_.end()).size(), 15u);
  // What another time has chosen is not known from a state.
  ASSERT_TRUE(criterion->SetState(criterion->State()).ok());
  EXPECT_EQ(criterion->choice(), nullptr);
}

// An operation is worth as much as the best architecture that has it.
TEST(ArchitectureCriteriaTest, BestOfRandomGivesOperationsThePlacesOfArchitectures) {
  FakeView view;
  const auto criterion = Make("best_of_random:of=worth:a=1/b=2,samples=200");
  const NumberTable scores = *ScoreToTheEnd(*criterion, view);
  // Of the eight architectures the best is all b, the best with the last edge's a the fifth.
  EXPECT_EQ((scores[{0, 2, 2}]), 200);
  EXPECT_LT((scores[{0, 2, 1}]), (scores[{0, 1, 1}]));
  EXPECT_LT((scores[{0, 1, 1}]), (scores[{0, 0, 1}]));
  EXPECT_LT((scores[{0, 0, 1}]), 200);
  EXPECT_GT((scores[{0, 2, 1}]), 0);
}

TEST(ArchitectureCriteriaTest, BestOfRandomAsksTheNextScoreOfTheBestAlone) {
  FakeView view;
  const auto criterion = Make("best_of_random:of=worth:a=1/b=2+first,samples=40,keep=0.25");
  ASSERT_TRUE(ScoreToTheEnd(*criterion, view).ok());
  ASSERT_EQ(view.worths_.size(), 40u);
  ASSERT_EQ(view.firsts_.size(), 10u);
  std::vector<double> best = view.worths_;
  std::sort(best.rbegin(), best.rend());
  best.resize(10);
  EXPECT_EQ(view.firsts_, best);
  EXPECT_TRUE(((*criterion->choice())[{0, 0, 2}]));
  // All are told of, with what was asked of them.
  const std::vector<SampledArchitecture> samples = criterion->samples();
  ASSERT_EQ(samples.size(), 40u);
  EXPECT_EQ(samples[0].architecture, *criterion->choice());
  std::vector<double> worths;
  for (size_t i = 0; i < samples.size(); ++i) {
    ASSERT_EQ(samples[i].scores.size(), i < 10 ? 2u : 1u);
    EXPECT_EQ(samples[i].scores[0], view.Worth(samples[i].architecture));
    worths.push_back(samples[i].scores[0]);
  }
  EXPECT_TRUE(std::is_sorted(worths.rbegin(), worths.rend() - 10));
  std::sort(worths.begin(), worths.end());
  std::sort(view.worths_.begin(), view.worths_.end());
  EXPECT_EQ(worths, view.worths_);
  // At least one; where the last score says nothing, the one before it decides.
  view.firsts_.clear();
  view.worths_.clear();
  const auto one = Make("best_of_random:of=worth:a=1/b=2+first,samples=3,keep=0");
  ASSERT_TRUE(ScoreToTheEnd(*one, view).ok());
  EXPECT_EQ(view.firsts_, std::vector<double>{view.Worth(*one->choice())});
  EXPECT_EQ(view.firsts_[0], *std::max_element(view.worths_.begin(), view.worths_.end()));
}

// As many at a time as are scored at the same time, in whichever parts that is.
TEST(ArchitectureCriteriaTest, ScoreInParts) {
  for (const auto& [name, all] :
       {std::pair("best_of_random:of=worth:a=1/b=2+first,samples=7,keep=0.5", size_t{7 + 4}),
        {"expected_score:score=worth:a=1/b=2,samples=7", 7}}) {
    for (const int processes : {1, 2, 3, 9}) {
      SCOPED_TRACE(testing::Message() << name << " by " << processes);
      FakeView view, whole;
      view.processes_ = processes;
      auto criterion = Make(name), alone = Make(name);
      const NumberTable wanted = *ScoreToTheEnd(*alone, whole);
      for (size_t done = 0; done < all;) {
        const size_t round = done < 7 ? 7 : all;
        const NumberTable scores = *criterion->Score(view);
        done = std::min<size_t>(done + processes, round);
        EXPECT_EQ(view.worths_.size() + view.firsts_.size(), done);
        ASSERT_EQ(criterion->has_decided(), done == all);
        if (done == all) {
          EXPECT_EQ(scores.Values(0), wanted.Values(0));
          break;
        }
        EXPECT_EQ(criterion->choice(), nullptr);
        // Another one goes on.
        auto other = Make(name);
        ASSERT_TRUE(other->SetState(criterion->State()).ok());
        criterion = std::move(other);
      }
      EXPECT_EQ(criterion->State(), alone->State());
      ASSERT_EQ(criterion->choice() == nullptr, alone->choice() == nullptr);
      if (alone->choice() != nullptr) {
        EXPECT_EQ(*criterion->choice(), *alone->choice());
      }
    }
  }
}

TEST(ArchitectureCriteriaTest, RefuseStatesThatCannotBe) {
  for (const auto& [name, all] :
       {std::pair("best_of_random:of=worth:a=1/b=2+first,samples=4,keep=0.5", 4. + 2.),
        {"expected_score:score=worth:a=1/b=2,samples=4", 4.}}) {
    const auto criterion = Make(name);
    const std::vector<double> state = criterion->State();
    EXPECT_TRUE(criterion->SetState(state).ok());
    for (const double number : {-1., 0.5, std::nan(""), 1e300}) {
      for (const size_t place : {0, 1}) {
        std::vector<double> changed = state;
        changed[place] = number;
        EXPECT_EQ(criterion->SetState(changed).code(), absl::StatusCode::kInvalidArgument)
            << name << ": " << number << " in place " << place;
      }
    }
    std::vector<double> changed = state;
    changed[1] = all;
    EXPECT_FALSE(criterion->SetState(changed).ok()) << name;
    changed[1] = all - 1;
    EXPECT_TRUE(criterion->SetState(changed).ok()) << name;
    changed[2] = std::nan("");
    EXPECT_FALSE(criterion->SetState(changed).ok()) << name;
  }
}

TEST(ArchitectureCriteriaTest, BestOfRandomNamesWhatIsWrong) {
  EXPECT_EQ(MakeCriterion("best_of_random:of=+", SmallSpace()).status().message(),
            "pruning criterion 'best_of_random:of=+': of= names no score; give one, or several "
            "with '+' between them: of=synflow+training_loss");
  EXPECT_EQ(MakeCriterion("best_of_random:keep=4", SmallSpace()).status().message(),
            "pruning criterion 'best_of_random:keep=4': keep=4 must be a share, from 0 to 1, of "
            "the architectures");
}

}  // namespace
}  // namespace nap
