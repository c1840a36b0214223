// random: the baseline that knows nothing.
#include "nap/base/random.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x70727565;

class RandomCriterion final : public PruningCriterion {
 public:
  absl::StatusOr<ScoreTable> Score(SearchView& view) override {
    RandomStream random({view.seed(), kStream, static_cast<uint64_t>(view.milestone())});
    ScoreTable scores(view.space());
    for (size_t cell = 0; cell < view.space().cells.size(); ++cell) {
      for (double& score : scores.Values(static_cast<int>(cell))) score = random.Uniform();
    }
    return scores;
  }

  bool works_before_training() const override { return true; }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "random", {"chance", [](const CandidateSpace&, const ParameterValues&) {
                 return std::make_unique<RandomCriterion>();
               }});

}  // namespace
}  // namespace nap
