// activation_kernel: how well an untrained network without the operation still tells images apart.
//
// The score of a network is log det K, where K is the kernel of its activation patterns (NWOT:
// Mellor et al., "Neural Architecture Search without Training", ICML 2021), averaged over
// initialisations and batches. An operation is worth what its removal takes from the score: the
// perturbation of Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search"
// (AAAI 2023), here over the whole topology, and scored anew after each removal.
//
// Without batch norms the patterns are those of a network of any scale, but for what operations are
// to each other. Small weights keep the way straight through a cell, its skip-connections, in sight
// beside the ways through several convolutions: docs/experiments.md has what comes of others.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "nap/base/log_determinant.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

class ActivationKernelCriterion final : public PruningCriterion {
 public:
  explicit ActivationKernelCriterion(const ParameterValues& parameters)
      : initialisations_(parameters.Integer("initialisations")),
        batches_(parameters.Integer("batches")),
        removals_(parameters.Number("removals")) {
    choice_.weights = parameters.Integer("trained") != 0 ? NetworkChoice::Weights::kTrained
                                                         : NetworkChoice::Weights::kFresh;
    choice_.batch_norms = parameters.Integer("batch_norms") != 0;
    choice_.cells = parameters.Integer("cells");
    choice_.images = parameters.Integer("images");
    choice_.mixing_weight = parameters.Number("mixing_weight");
  }

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    if (milestone_ != view.milestone()) {
      NAP_RETURN_IF_ERROR(MakeNetworks(view));
      milestone_ = view.milestone();
    }
    const CandidateSpace& space = view.space();
    std::vector<CandidateId> scored, unscored;
    for (const CandidateId& id : LivingOperations(space, view.living())) {
      (IsLastOfNode(space, view.living(), id) ? unscored : scored).push_back(id);
    }
    // The first is that of the whole network.
    NAP_ASSIGN_OR_RETURN(const std::vector<SearchView::Numbers> values,
                         view.ShareOut(static_cast<int64_t>(scored.size()) + 1, [&](int64_t item) {
                           LivingTable living = view.living();
                           if (item > 0) living[scored[item - 1]] = false;
                           return SearchView::Numbers{MeanScore(living)};
                         }));
    NumberTable scores(space);
    double highest = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < scored.size(); ++i) {
      scores[scored[i]] = values[0][0] - values[i + 1][0];
      highest = std::max(highest, scores[scored[i]]);
    }
    // A network without them is none.
    for (const CandidateId& id : unscored) scores[id] = std::isfinite(highest) ? highest : 0;
    return scores;
  }

  int64_t RemovalsPerScoring(int64_t living) const override {
    return RemovalsOf(removals_, living);
  }

  std::vector<int64_t> network_cells() const override {
    if (choice_.weights == NetworkChoice::Weights::kTrained) return {};
    return {choice_.cells};
  }

  bool works_before_training() const override { return true; }

 private:
  absl::Status MakeNetworks(SearchView& view) {
    networks_.clear();
    for (int64_t i = 0; i < initialisations_; ++i) {
      for (int64_t batch = 0; batch < batches_; ++batch) {
        NetworkChoice choice = choice_;
        choice.initialisation = i;
        choice.batch = i * batches_ + batch;
        NAP_ASSIGN_OR_RETURN(auto network, view.Network(choice));
        networks_.push_back(std::move(network));
      }
    }
    return absl::OkStatus();
  }

  double MeanScore(const LivingTable& living) const {
    double sum = 0;
    for (const auto& network : networks_)
      sum += LogDeterminantPlusOne(network->ActivationKernel(living));
    return sum / static_cast<double>(networks_.size());
  }

  NetworkChoice choice_;
  const int64_t initialisations_, batches_;
  const double removals_;
  int milestone_ = -1;  // that the networks are of
  std::vector<std::unique_ptr<NetworkView>> networks_;
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "activation_kernel",
    {"loss of log det of an untrained network's activation kernel without the operation (NWOT)",
     [](const CandidateSpace&, const ParameterValues& parameters) {
       return std::make_unique<ActivationKernelCriterion>(parameters);
     },
     {Parameter::Integer("images", 64, 2, "images in a batch, at most"),
      Parameter::Integer("batches", 1, 1, "batches for each initialisation"),
      Parameter::Integer("initialisations", 2, 1, "networks whose scores are averaged"),
      Parameter::Integer("cells", 0, 0, "cells of the scored network; 0: as the final network"),
      RemovalsParameter(1),
      Parameter::Number("mixing_weight", 0.1, 1e-6, "weight of every operation in its sum"),
      Parameter::Integer("batch_norms", 0, 0, "1: the scored network has batch norms"),
      Parameter::Integer("trained", 0, 0, "1: the scored network is the trained supernet")}});

}  // namespace
}  // namespace nap
