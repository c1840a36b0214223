#include "nap/pruning/criterion_conformance.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "nap/base/parameters_for_tests.h"
#include "nap/pruning/search_view_for_tests.h"

namespace nap {
namespace {

constexpr int kMilestones = 3;

CandidateSpace SmallSpace() {
  return {{CellTopology::Dense("normal", 2, 2, 1), CellTopology::Dense("reduce", 2, 2, 2)},
          {{"none", true}, {"a"}, {"b"}, {"c"}}};
}

struct Search {
  bool trained = true;  // else there are no strength steps
  bool interrupted = false;
  double strengths_of_gone = 0;  // strengths and gradients of what does not live
};

// Where a search says what it does, in the order of time.
class Searching {
 public:
  Searching(const std::string& criterion, const Search& search)
      : name_(criterion), search_(search), view_(SmallSpace()) {
    view_.trained_ = search.trained;
    view_.living_[{0, 0, 1}] = false;
    for (int operation = 0; operation < 4; ++operation) view_.living_[{1, 3, operation}] = false;
  }

  // The scores of what lives, scoring after scoring; empty after a failure.
  std::vector<std::vector<double>> Run() {
    std::vector<std::vector<double>> all;
    if (!Make()) return {};
    for (view_.milestone_ = 0; view_.milestone_ < kMilestones; ++view_.milestone_) {
      for (int step = 0; search_.trained && step < 2; ++step) {
        Step(static_cast<uint64_t>(view_.milestone_), static_cast<uint64_t>(step));
        if (!Interrupt()) return {};
      }
      for (int scoring = 0; scoring < 2; ++scoring) {
        std::optional<std::vector<double>> scores = Score();
        if (!scores.has_value()) return {};
        all.push_back(std::move(*scores));
        if (!Interrupt()) return {};
      }
    }
    return all;
  }

  const SearchViewForTests& view() const { return view_; }

 private:
  bool Make() {
    auto made = MakeCriterion(name_, view_.space_);
    if (made.ok()) {
      criterion_ = *std::move(made);
    } else {
      ADD_FAILURE() << "it cannot be made: " << made.status().message();
    }
    return made.ok();
  }

  void Step(uint64_t milestone, uint64_t number) {
    RandomStream random({milestone, number});
    NumberTable strengths(view_.space_), gradients(view_.space_);
    for (const CandidateId& id : LivingOperations(view_.space_, LivingTable(view_.space_, true))) {
      const double strength = random.Uniform(-1, 1), gradient = random.Uniform(-1, 1);
      strengths[id] = view_.living_[id] ? strength : search_.strengths_of_gone;
      gradients[id] = view_.living_[id] ? gradient : search_.strengths_of_gone;
    }
    criterion_->ObserveStrengthStep(strengths, gradients);
  }

  // Scores, and removes the lowest that a node can do without.
  std::optional<std::vector<double>> Score() {
    absl::StatusOr<NumberTable> scores = criterion_->Score(view_);
    for (int part = 1; scores.ok() && !criterion_->has_decided(); ++part) {
      if (part == 1000) {
        ADD_FAILURE() << "it has not decided after 1000 parts of a scoring "
                         "(PruningCriterion::has_decided in nap/pruning/criterion.h)";
        return std::nullopt;
      }
      if (!Interrupt()) return std::nullopt;
      scores = criterion_->Score(view_);
    }
    if (!scores.ok()) {
      ADD_FAILURE() << "it does not score"
                    << (search_.trained ? "" : " before training, though works_before_training")
                    << ": " << scores.status().message() << " (nap/pruning/criterion.h)";
      return std::nullopt;
    }
    EXPECT_EQ(criterion_->choice() != nullptr, criterion_->chooses())
        << "it has a choice without chooses(), or none with it "
           "(PruningCriterion::choice in nap/pruning/criterion.h)";
    if (const LivingTable* choice = criterion_->choice()) {
      EXPECT_GT(std::count(view_.architectures_.begin(), view_.architectures_.end(), *choice), 0)
          << "its choice is none of the architectures that were drawn "
             "(PruningCriterion::choice in nap/pruning/criterion.h)";
    }
    for (const SampledArchitecture& sample : criterion_->samples()) {
      EXPECT_TRUE(sample.scores.size() <= criterion_->scores().size())
          << "an architecture that it has compared has more scores than scores() names "
             "(PruningCriterion::samples in nap/pruning/criterion.h)";
    }
    std::vector<double> values;
    std::optional<CandidateId> lowest;
    for (const CandidateId& id : LivingOperations(view_.space_, view_.living_)) {
      values.push_back((*scores)[id]);
      if (!std::isfinite(values.back())) {
        ADD_FAILURE() << "the score of a living operation is " << values.back()
                      << " (PruningCriterion::Score in nap/pruning/criterion.h)";
        return std::nullopt;
      }
      if (IsLastOfNode(view_.space_, view_.living_, id)) continue;
      if (!lowest.has_value() || (*scores)[id] < (*scores)[*lowest]) lowest = id;
    }
    view_.living_[*lowest] = false;
    return values;
  }

  // Goes on with another criterion that knows this one's state.
  bool Interrupt() {
    if (!search_.interrupted) return true;
    const std::vector<double> state = criterion_->State();
    if (!Make()) return false;
    const absl::Status status = criterion_->SetState(state);
    EXPECT_TRUE(status.ok()) << "SetState refuses what State gave: " << status.message()
                             << " (nap/pruning/criterion.h)";
    return status.ok();
  }

  const std::string name_;
  const Search search_;
  SearchViewForTests view_;
  std::unique_ptr<PruningCriterion> criterion_;
};

void ExpectParameters(const std::string& criterion) {
  const auto [name, given] = SplitName(criterion);
  const std::string prefix = absl::StrCat(name, ":");
  ExpectParametersConform((*PruningCriterionRegistry::Global().Find(name))->parameters, given,
                          [&](const std::string& parameters) {
                            return MakeCriterion(prefix + parameters, SmallSpace()).status();
                          },
                          [&](const std::string& parameters) {
                            return !Searching(prefix + parameters, {}).Run().empty();
                          });
}

}  // namespace

void ExpectCriterionConforms(const std::string& name) {
  SCOPED_TRACE(absl::StrCat("criterion ", name));
  const auto criterion = MakeCriterion(name, SmallSpace());
  ASSERT_TRUE(criterion.ok()) << criterion.status().message();

  Searching searching(name, {});
  const auto scores = searching.Run();
  if (scores.empty()) return;
  EXPECT_EQ(Searching(name, {}).Run(), scores)
      << "in the same search it gives other scores: chance must come from the view's seed "
         "(SearchView::seed in nap/pruning/criterion.h)";
  Search search;
  search.strengths_of_gone = 100;
  EXPECT_EQ(Searching(name, search).Run(), scores)
      << "strengths or gradients of what does not live change the scores of what does "
         "(PruningCriterion::Score in nap/pruning/criterion.h)";
  search = {};
  search.interrupted = true;
  EXPECT_EQ(Searching(name, search).Run(), scores)
      << "interrupted and given its State it goes on differently (PruningCriterion::State in "
         "nap/pruning/criterion.h)";
  if ((*criterion)->works_before_training()) {
    search = {};
    search.trained = false;
    Searching(name, search).Run();
  }

  const std::vector<std::string> named = (*criterion)->scores();
  for (const std::string& score : searching.view().scores_asked_) {
    EXPECT_EQ(std::count(named.begin(), named.end(), score), 1)
        << "it asks for the score '" << score
        << "', which scores() does not name (nap/pruning/criterion.h)";
  }
  for (int64_t living = 1; living <= 300; ++living) {
    EXPECT_GE((*criterion)->RemovalsPerScoring(living), 0)
        << "RemovalsPerScoring is a number of operations, or 0 for all (nap/pruning/criterion.h)";
  }

  std::vector<double> state = (*criterion)->State();
  state.push_back(0);
  EXPECT_FALSE((*criterion)->SetState(state).ok())
      << "SetState takes a number too many (nap/pruning/criterion.h)";
  state.resize(state.size() - 1);
  if (!state.empty()) {
    state.pop_back();
    EXPECT_FALSE((*criterion)->SetState(state).ok())
        << "SetState takes a number too few (nap/pruning/criterion.h)";
  }

  SearchViewForTests failing(SmallSpace());
  failing.fails_ = true;
  const NumberTable strengths(failing.space_, 1);
  (*criterion)->ObserveStrengthStep(strengths, strengths);
  const auto failed = (*criterion)->Score(failing);
  EXPECT_TRUE(!failing.has_failed_ || failed.status().code() == absl::StatusCode::kInternal)
      << "what the view answers with an error, Score must pass on (nap/pruning/criterion.h)";

  ExpectParameters(name);
}

}  // namespace nap
