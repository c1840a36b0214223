// magnitude: the weight with which an operation enters the sum, whatever its sign: NAP's operation
// strength.
#include <cmath>

#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class Magnitude final : public PruningCriterion {
 public:
  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    NumberTable scores = view.MixingWeights();
    scores.ForEach([](double& score) { score = std::abs(score); });
    return scores;
  }
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "magnitude", {"|mixing weight| (NAP)", [](const CandidateSpace&, const ParameterValues&) {
                    return std::make_unique<Magnitude>();
                  }});

}  // namespace
}  // namespace nap
