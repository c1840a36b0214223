// taylor: |strength x gradient|, to first order how much the loss would change if the strength
// went to zero (Molchanov et al. 2017), averaged over the strength steps since it was last asked
// at an earlier milestone.
#include <absl/strings/str_cat.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "nap/base/whole_number.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class Taylor final : public PruningCriterion {
 public:
  explicit Taylor(const CandidateSpace& space) : space_(space), sums_(space) {}

  void ObserveStrengthStep(const NumberTable& strengths, const NumberTable& gradients) override {
    if (scored_) {
      sums_ = NumberTable(space_);
      steps_ = 0;
      scored_ = false;
    }
    ++steps_;
    for (int cell = 0; cell < space_.NumCellTypes(); ++cell) {
      for (size_t i = 0; i < sums_.Values(cell).size(); ++i) {
        sums_.Values(cell)[i] += std::abs(strengths.Values(cell)[i] * gradients.Values(cell)[i]);
      }
    }
  }

  // The number of steps, whether they were scored and at which milestone, then the
  // sums.
  std::vector<double> State() const override {
    std::vector<double> state = {static_cast<double>(steps_), scored_ ? 1. : 0.,
                                 static_cast<double>(milestone_)};
    sums_.ForEach([&](double sum) { state.push_back(sum); });
    return state;
  }

  absl::Status SetState(const std::vector<double>& state) override {
    if (state.size() != State().size()) {
      return absl::InvalidArgumentError(absl::StrCat("the taylor criterion keeps ", State().size(),
                                                     " numbers, not ", state.size()));
    }
    constexpr int64_t kEnd = std::numeric_limits<int>::max();
    if (!IsWholeBelow(state[0], kEnd) || !IsWholeBelow(state[2], kEnd)) {
      return absl::InvalidArgumentError(absl::StrCat("the taylor criterion cannot have seen ",
                                                     state[0], " steps up to its milestone ",
                                                     state[2]));
    }
    auto next = state.begin();
    steps_ = static_cast<int>(*next++);
    scored_ = *next++ != 0;
    milestone_ = static_cast<int>(*next++);
    sums_.ForEach([&](double& sum) { sum = *next++; });
    return absl::OkStatus();
  }

  // The same at each scoring of a milestone.
  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    if (steps_ == 0 || (scored_ && milestone_ != view.milestone())) {
      return absl::FailedPreconditionError(
          "the taylor criterion needs strength steps before each pruning milestone: let "
          "warm-up end before pruning begins");
    }
    NumberTable scores = sums_;
    scores.ForEach([&](double& score) { score /= steps_; });
    scored_ = true;
    milestone_ = view.milestone();
    return scores;
  }

 private:
  const CandidateSpace space_;
  NumberTable sums_;
  int steps_ = 0;
  bool scored_ = false;  // what was observed; the next step begins anew
  int milestone_ = 0;    // at which
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "taylor", {"|strength x gradient|, averaged over steps",
               [](const CandidateSpace& space, const ParameterValues&) {
                 return std::make_unique<Taylor>(space);
               }});

}  // namespace
}  // namespace nap
