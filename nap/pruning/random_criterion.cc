// random: the baseline that knows nothing.
#include "nap/base/random.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/random_scores.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x70727565;

class RandomCriterion final : public PruningCriterion {
 public:
  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    return RandomScores(view.space(), RandomStream({view.seed(), kStream,
                                                    static_cast<uint64_t>(view.milestone())}));
  }

  bool works_before_training() const override { return true; }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "random", {"chance", [](const CandidateSpace&, const ParameterValues&) {
                 return std::make_unique<RandomCriterion>();
               }});

}  // namespace
}  // namespace nap
