// All criteria conform; and of each promise, one that breaks it is found out.
#include "nap/pruning/criterion_conformance.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "nap/base/failures_for_tests.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class CriterionConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(CriterionConformanceTest, Conforms) {
  // It is nothing without others.
  ExpectCriterionConforms(GetParam() == "rank_sum"
                              ? "rank_sum:of=taylor+expected_score:samples=3/prior=1+shapley"
                              : GetParam());
}

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, CriterionConformanceTest,
                         testing::ValuesIn(PruningCriterionRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

TEST(CriterionConformanceOfPartsTest, OfWhatWorksBeforeTraining) {
  ExpectCriterionConforms("rank_sum:of=random+parameters:shuffle_ties=1");
}

enum class Fault {
  kNone,
  kNotFinite,
  kChance,
  kLooksAtGone,
  kForgets,
  kTakesAnyState,
  kRefusesState,
  kNeedsTraining,
  kNeedsSteps,
  kMasksGone,
  kNetworkOfGone,
  kEmptiesNode,
  kUnnamedScore,
  kHidesErrors,
  kOwnChoice,
  kMoreScores,
  kNeverDecides,
  kNegativeRemovals,
  kLeast,
};

// The sum of the gradients seen, or whatever it does wrong.
class Faulty final : public PruningCriterion {
 public:
  Faulty(const CandidateSpace& space, Fault fault, double share)
      : space_(space), fault_(fault), share_(share), sums_(space), own_choice_(space, true) {}

  void ObserveStrengthStep(const NumberTable&, const NumberTable& gradients) override {
    for (int cell = 0; cell < 2; ++cell) {
      double all = 0;
      for (const double gradient : gradients.Values(cell)) all += gradient;
      for (size_t i = 0; i < sums_.Values(cell).size(); ++i) {
        sums_.Values(cell)[i] += fault_ == Fault::kLooksAtGone ? gradients.Values(cell)[i] / all
                                                               : gradients.Values(cell)[i];
      }
    }
    seen_ = true;
  }

  std::vector<double> State() const override {
    if (fault_ == Fault::kForgets) return {};
    std::vector<double> state = {seen_ ? 1. : 0.};
    for (int cell = 0; cell < 2; ++cell) {
      state.insert(state.end(), sums_.Values(cell).begin(), sums_.Values(cell).end());
    }
    return state;
  }
  absl::Status SetState(const std::vector<double>& state) override {
    if (state.size() != State().size()) {
      return fault_ == Fault::kTakesAnyState ? absl::OkStatus()
                                             : absl::InvalidArgumentError("not a state");
    }
    auto value = state.begin();
    if (fault_ == Fault::kRefusesState) return absl::InvalidArgumentError("not mine");
    if (fault_ == Fault::kForgets) return absl::OkStatus();
    seen_ = *value++ != 0;
    for (int cell = 0; cell < 2; ++cell) {
      for (double& sum : sums_.Values(cell)) sum = *value++;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    const std::vector<CandidateId> ids = LivingOperations(space_, view.living());
    NumberTable scores = sums_;
    switch (fault_) {
      case Fault::kNotFinite:
        scores[ids[0]] = std::numeric_limits<double>::quiet_NaN();
        break;
      case Fault::kChance:
        static int calls = 0;
        scores[ids[0]] = ++calls;
        break;
      case Fault::kNeedsTraining:
        scores[ids[0]] = view.ValidationLoss(1, ids[0]);
        break;
      case Fault::kNeedsSteps:
        if (!seen_) return absl::FailedPreconditionError("no steps");
        break;
      case Fault::kMasksGone:
        scores[ids[0]] = view.ValidationLoss(1, CandidateId{0, 0, 1});
        break;
      case Fault::kNetworkOfGone:
      case Fault::kEmptiesNode: {
        NAP_ASSIGN_OR_RETURN(const auto network, view.Network({}));
        scores[ids[0]] = network->Loss(LivingTable(space_, fault_ == Fault::kNetworkOfGone));
        break;
      }
      case Fault::kUnnamedScore: {
        NAP_ASSIGN_OR_RETURN(scores[ids[0]], view.ArchitectureScore("worth", view.living()));
        break;
      }
      case Fault::kHidesErrors:
        scores[ids[0]] = view.FinalParameters().ok() ? 1 : 0;
        break;
      case Fault::kLeast:
        if (share_ == 0) return absl::InternalError("a division by zero");
        break;
      default:
        break;
    }
    return scores;
  }
  bool works_before_training() const override {
    return fault_ == Fault::kNeedsTraining || fault_ == Fault::kNeedsSteps;
  }
  bool has_decided() const override { return fault_ != Fault::kNeverDecides; }
  const LivingTable* choice() const override {
    return fault_ == Fault::kOwnChoice ? &own_choice_ : nullptr;
  }
  std::vector<SampledArchitecture> samples() const override {
    if (fault_ != Fault::kMoreScores) return {};
    return {{own_choice_, {1}}};
  }
  int64_t RemovalsPerScoring(int64_t living) const override {
    return fault_ == Fault::kNegativeRemovals ? 10 - living : 0;
  }

 private:
  const CandidateSpace space_;
  const Fault fault_;
  const double share_;
  NumberTable sums_;
  const LivingTable own_choice_;
  bool seen_ = false;
};

std::string Register(Fault fault, double value = 0.5) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  PruningCriterionRegistry::Global().Register(
      name, {"a test's",
             [fault](const CandidateSpace& space, const ParameterValues& parameters) {
               return std::make_unique<Faulty>(space, fault, parameters.Number("share"));
             },
             {Parameter::Number("share", value, 0, "a test's")}});
  return name;
}

void ExpectFound(Fault fault, const std::string& text) {
  const std::string name = Register(fault);
  ExpectFailure([&] { ExpectCriterionConforms(name); }, text);
}

TEST(FaultyCriterionTest, AllIsWellWithoutAFault) {
  ExpectCriterionConforms(Register(Fault::kNone));
}

TEST(FaultyCriterionTest, IsFoundByItsScores) {
  ExpectFound(Fault::kNotFinite, "the score of a living operation is nan");
  ExpectFound(Fault::kChance, "in the same search it gives other scores");
  ExpectFound(Fault::kLooksAtGone, "strengths or gradients of what does not live");
}

TEST(FaultyCriterionTest, IsFoundByItsState) {
  ExpectFound(Fault::kForgets, "interrupted and given its State it goes on differently");
  ExpectFound(Fault::kTakesAnyState, "SetState takes a number too many");
  ExpectFound(Fault::kTakesAnyState, "SetState takes a number too few");
  ExpectFound(Fault::kRefusesState, "SetState refuses what State gave: not mine");
}

TEST(FaultyCriterionTest, IsFoundByWhatItAsks) {
  ExpectFound(Fault::kNeedsTraining, "it asks for ValidationLoss though nothing has been trained");
  ExpectFound(Fault::kNeedsSteps, "it does not score before training");
  ExpectFound(Fault::kMasksGone, "the loss without an operation that does not live is asked");
  ExpectFound(Fault::kNetworkOfGone, "a network with an operation that does not live is asked");
  ExpectFound(Fault::kEmptiesNode, "a network is asked in which a node has no operation");
  ExpectFound(Fault::kUnnamedScore, "which scores() does not name");
  ExpectFound(Fault::kNeverDecides, "it has not decided after 1000 parts");
  ExpectFound(Fault::kOwnChoice, "its choice is none of the architectures that were drawn");
  ExpectFound(Fault::kMoreScores, "has more scores than scores() names");
  ExpectFound(Fault::kHidesErrors, "what the view answers with an error, Score must pass on");
}

TEST(FaultyCriterionTest, IsFoundByItsNumbers) {
  ExpectFound(Fault::kNegativeRemovals, "RemovalsPerScoring is a number of operations");
  ExpectFound(Fault::kLeast, "the least value that it allows, 0, does not work");
  const std::string name = Register(Fault::kNone, /*value=*/-1);
  ExpectFailure([&] { ExpectCriterionConforms(name); }, "its default is refused");
}

}  // namespace
}  // namespace nap
