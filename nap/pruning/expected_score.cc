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
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class ExpectedScore final : public PruningCriterion {
 public:
  ExpectedScore(const CandidateSpace& space, const ParameterValues& parameters)
      : space_(space),
        score_(NestedText(parameters.Text("score"))),
        samples_(parameters.Integer("samples")),
        removals_(parameters.Number("removals")),
        prior_(parameters.Number("prior")),
        sums_(space),
        counts_(space) {}

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    std::vector<LivingTable> architectures;
    for (int64_t i = 0; i < samples_; ++i) {
      NAP_ASSIGN_OR_RETURN(LivingTable architecture,
                           view.RandomArchitecture(static_cast<uint64_t>(drawn_ + i)));
      architectures.push_back(std::move(architecture));
    }
    NAP_ASSIGN_OR_RETURN(
        const std::vector<SearchView::Numbers> found,
        view.ShareOut(samples_, [&](int64_t item) -> absl::StatusOr<SearchView::Numbers> {
          NAP_ASSIGN_OR_RETURN(const double score,
                               view.ArchitectureScore(score_, architectures[item]));
          return SearchView::Numbers{score};
        }));
    std::vector<double> scores;
    for (const SearchView::Numbers& score : found) scores.push_back(score[0]);
    drawn_ += samples_;
    const double mean =
        std::accumulate(scores.begin(), scores.end(), 0.) / static_cast<double>(samples_);
    const std::vector<CandidateId> ids = LivingOperations(space_, view.living());
    for (const CandidateId& id : ids) {
      for (size_t i = 0; i < architectures.size(); ++i) {
        if (!architectures[i][id]) continue;
        sums_[id] += scores[i] - mean;
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

  std::vector<double> State() const override {
    std::vector<double> state = {static_cast<double>(drawn_)};
    for (const NumberTable* table : {&sums_, &counts_}) {
      table->ForEach([&](double value) { state.push_back(value); });
    }
    return state;
  }

  absl::Status SetState(const std::vector<double>& state) override {
    if (state.size() != State().size()) {
      return absl::InvalidArgumentError("not a state of the criterion expected_score");
    }
    auto value = state.begin();
    drawn_ = static_cast<int64_t>(*value++);
    for (NumberTable* table : {&sums_, &counts_}) {
      table->ForEach([&](double& entry) { entry = *value++; });
    }
    return absl::OkStatus();
  }

  std::vector<std::string> scores() const override { return {score_}; }
  int64_t RemovalsPerScoring(int64_t living) const override {
    return RemovalsOf(removals_, living);
  }
  bool works_before_training() const override { return true; }

 private:
  const CandidateSpace space_;
  const std::string score_;
  const int64_t samples_;
  const double removals_, prior_;
  int64_t drawn_ = 0;
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
