// expected_score: what an architecture scores on average that has the operation. Architectures are
// drawn by chance among those that the search can still end with; the more is pruned, the better
// the company in which an operation is judged. Angle-based search's way of shrinking a space (Hu et
// al., "Angle-based Search Space Shrinking for Neural Architecture Search", ECCV 2020), with any
// score.
//
// What was drawn at earlier scorings stays in the means: each score counts as how much it is above
// the mean of its own scoring, so that it does not matter when an operation was drawn. Few
// architectures have one operation on one edge, many have it on some edge: an operation's mean is
// drawn towards that of its kind in the same cell type, as if `prior` more architectures had had
// that.
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/scored_architectures.h"

namespace nap {
namespace {

class ExpectedScore final : public PruningCriterion {
 public:
  ExpectedScore(const CandidateSpace& space, const ParameterValues& parameters)
      : space_(space),
        scored_({NestedText(parameters.Text("score"))}, parameters.Integer("samples"), /*keep=*/1),
        removals_(parameters.Number("removals")),
        prior_(parameters.Number("prior")),
        sums_(space),
        counts_(space) {}

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    NAP_RETURN_IF_ERROR(scored_.ScorePart(view));
    if (!has_decided()) return NumberTable(space_);
    const std::vector<SampledArchitecture>& samples = scored_.samples();
    double mean = 0;
    for (const SampledArchitecture& sample : samples) mean += sample.scores[0];
    mean /= static_cast<double>(samples.size());
    const std::vector<CandidateId> ids = LivingOperations(space_, view.living());
    for (const CandidateId& id : ids) {
      for (const SampledArchitecture& sample : samples) {
        if (!sample.architecture[id]) continue;
        sums_[id] += sample.scores[0] - mean;
        ++counts_[id];
      }
    }
    NumberTable expected(space_);
    for (const CandidateId& id : ids) {
      double sum = 0;
      double count = 0;
      for (int edge = 0; edge < space_.NumEdges(id.cell_type); ++edge) {
        sum += sums_[{id.cell_type, edge, id.operation}];
        count += counts_[{id.cell_type, edge, id.operation}];
      }
      const double of_its_kind = count > 0 ? sum / count : 0;
      const double weight = counts_[id] + prior_;
      expected[id] = weight > 0 ? (sums_[id] + prior_ * of_its_kind) / weight : 0;
    }
    return expected;
  }

  bool has_decided() const override { return scored_.is_whole(); }

  std::vector<double> State() const override {
    std::vector<double> state = scored_.State();
    for (const NumberTable* table : {&sums_, &counts_}) {
      table->ForEach([&](double value) { state.push_back(value); });
    }
    return state;
  }

  absl::Status SetState(const std::vector<double>& state) override {
    if (state.size() != State().size()) {
      return absl::InvalidArgumentError("not a state of the criterion expected_score");
    }
    const auto tables = state.begin() + static_cast<std::ptrdiff_t>(scored_.State().size());
    NAP_RETURN_IF_ERROR(scored_.SetState({state.begin(), tables}));
    auto value = tables;
    for (NumberTable* table : {&sums_, &counts_}) {
      table->ForEach([&](double& entry) { entry = *value++; });
    }
    return absl::OkStatus();
  }

  std::vector<std::string> scores() const override { return scored_.scores(); }
  int64_t RemovalsPerScoring(int64_t living) const override {
    return RemovalsOf(removals_, living);
  }
  bool works_before_training() const override { return true; }

 private:
  const CandidateSpace space_;
  ScoredArchitectures scored_;
  const double removals_, prior_;
  NumberTable sums_, counts_;
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "expected_score",
    {"mean score of random architectures with the operation",
     [](const CandidateSpace& space, const ParameterValues& parameters) {
       return std::make_unique<ExpectedScore>(space, parameters);
     },
     {Parameter::Text(
          "score", "training_loss",
          "of tools:score_architectures, '/' for ',': training_loss:steps=50/images=64"),
      Parameter::Integer("samples", 32, 2, "architectures drawn at each scoring"),
      RemovalsParameter(16),
      Parameter::Number("prior", 4, 0,
                        "architectures that the mean of an operation's kind counts as")}});

}  // namespace
}  // namespace nap
