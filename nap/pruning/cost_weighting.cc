#include "nap/pruning/cost_weighting.h"

#include <absl/status/statusor.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace nap {
namespace {

// (1 + cost / mean)^exponent.
NumberTable Factors(const CandidateSpace& space, const NumberTable& costs, double exponent) {
  const std::vector<CandidateId> all = LivingOperations(space, LivingTable(space, true));
  double sum = 0;
  for (const CandidateId& id : all) sum += costs[id];
  NumberTable factors(space, 1.0);
  if (sum == 0) return factors;  // all are free
  const auto count = static_cast<int>(all.size());
  for (const CandidateId& id : all) {
    factors[id] = std::pow(1 + costs[id] * count / sum, exponent);
  }
  return factors;
}

class CostWeighting final : public PruningCriterion {
 public:
  CostWeighting(std::unique_ptr<PruningCriterion> criterion, NumberTable factors)
      : criterion_(std::move(criterion)), factors_(std::move(factors)) {}

  void ObserveStrengthStep(const NumberTable& strengths, const NumberTable& gradients) override {
    criterion_->ObserveStrengthStep(strengths, gradients);
  }
  std::vector<double> State() const override { return criterion_->State(); }
  absl::Status SetState(const std::vector<double>& state) override {
    return criterion_->SetState(state);
  }

  int64_t RemovalsPerScoring(int64_t living) const override {
    return criterion_->RemovalsPerScoring(living);
  }
  std::vector<std::string> scores() const override { return criterion_->scores(); }
  bool has_decided() const override { return criterion_->has_decided(); }
  std::vector<int64_t> network_cells() const override { return criterion_->network_cells(); }
  bool chooses() const override { return criterion_->chooses(); }
  const LivingTable* choice() const override { return criterion_->choice(); }
  std::vector<SampledArchitecture> samples() const override { return criterion_->samples(); }
  bool works_before_training() const override { return criterion_->works_before_training(); }

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    absl::StatusOr<NumberTable> scores = criterion_->Score(view);
    if (!scores.ok()) return scores;
    for (int cell = 0; cell < view.space().NumCellTypes(); ++cell) {
      std::vector<double>& values = scores->Values(cell);
      for (size_t i = 0; i < values.size(); ++i) {
        const double factor = factors_.Values(cell)[i];
        values[i] = values[i] < 0 ? values[i] * factor : values[i] / factor;
      }
    }
    return scores;
  }

 private:
  const std::unique_ptr<PruningCriterion> criterion_;
  const NumberTable factors_;
};

}  // namespace

std::unique_ptr<PruningCriterion> WeightByCost(std::unique_ptr<PruningCriterion> criterion,
                                               const CandidateSpace& space,
                                               const NumberTable& costs, double exponent) {
  if (exponent == 0) return criterion;
  return std::make_unique<CostWeighting>(std::move(criterion), Factors(space, costs, exponent));
}

}  // namespace nap
