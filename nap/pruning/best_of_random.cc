// best_of_random: chooses whole architectures instead of operations. Architectures are drawn by
// chance among those that the search can still end with, and the best by a score is what it ends
// with. Several scores, from the cheapest to the one to be trusted most, are successive halving
// (Jamieson, Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization",
// AISTATS 2016): each is asked of the best `keep` of those that the one before was asked of.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/scored_architectures.h"

namespace nap {
namespace {

class BestOfRandom final : public PruningCriterion {
 public:
  BestOfRandom(const CandidateSpace& space, std::vector<std::string> scores,
               const ParameterValues& parameters)
      : space_(space),
        scored_(std::move(scores), parameters.Integer("samples"), parameters.Number("keep")) {}

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    NAP_RETURN_IF_ERROR(scored_.ScorePart(view));
    NumberTable places(space_);
    if (!has_decided()) return places;
    const std::vector<size_t>& best_first = scored_.best_first();
    for (size_t place = 0; place < best_first.size(); ++place) {
      const LivingTable& architecture = scored_.samples()[best_first[place]].architecture;
      for (const CandidateId& id : LivingOperations(space_, architecture)) {
        places[id] = std::max(places[id], static_cast<double>(best_first.size() - place));
      }
    }
    return places;
  }

  bool has_decided() const override { return scored_.is_whole(); }
  bool chooses() const override { return true; }
  const LivingTable* choice() const override {
    if (!has_decided() || scored_.best_first().empty()) return nullptr;
    return &scored_.samples()[scored_.best_first().front()].architecture;
  }

  std::vector<SampledArchitecture> samples() const override {
    std::vector<SampledArchitecture> samples;
    if (!has_decided()) return samples;
    for (const size_t i : scored_.best_first()) samples.push_back(scored_.samples()[i]);
    return samples;
  }

  std::vector<double> State() const override { return scored_.State(); }
  absl::Status SetState(const std::vector<double>& state) override {
    return scored_.SetState(state);
  }

  std::vector<std::string> scores() const override { return scored_.scores(); }
  bool works_before_training() const override { return true; }

 private:
  const CandidateSpace space_;
  ScoredArchitectures scored_;
};

absl::StatusOr<std::unique_ptr<PruningCriterion>> Make(const CandidateSpace& space,
                                                       const ParameterValues& parameters) {
  std::vector<std::string> scores;
  for (const std::string& name : SplitNames(parameters.Text("of"))) {
    scores.push_back(NestedText(name));
  }
  if (scores.empty()) {
    return absl::InvalidArgumentError(
        "of= names no score; give one, or several with '+' between them: of=synflow+training_loss");
  }
  if (parameters.Number("keep") > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "keep=", parameters.Number("keep"), " must be a share, from 0 to 1, of the architectures"));
  }
  return std::make_unique<BestOfRandom>(space, std::move(scores), parameters);
}

const bool registered = PruningCriterionRegistry::Global().Register(
    "best_of_random",
    {"the best of random architectures by a score, or by several one after the other",
     Make,
     {Parameter::Text("of", "training_loss",
                      "scores of tools:score_architectures, '+' between them, '/' for ',': "
                      "training_loss:steps=50+training_loss:steps=200/images=64"),
      Parameter::Integer("samples", 16, 1, "architectures drawn"),
      Parameter::Number("keep", 0.25, 0, "share of them of which the next score is asked")}});

}  // namespace
}  // namespace nap
