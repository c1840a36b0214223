// shapley: what an operation adds to the trained supernet on average over the orders in which
// operations can be taken away (Xiao et al., "Shapley-NAS: Discovering Operation Contribution for
// Neural Architecture Search", CVPR 2022), by sampling orders. Theirs adds these values to the
// strengths during training and takes accuracy; here they rank at a milestone, and it is the loss,
// which also moves where accuracy does not.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/criterion.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x73686170;

class Shapley final : public PruningCriterion {
 public:
  explicit Shapley(const ParameterValues& parameters)
      : orders_(parameters.Integer("orders")),
        images_(parameters.Integer("images")),
        truncation_(parameters.Number("truncation")),
        removals_(parameters.Number("removals")) {}

  absl::StatusOr<ScoreTable> Score(SearchView& view) override {
    const CandidateSpace& space = view.space();
    std::vector<CandidateId> ids = LivingOperations(space, view.living());
    ScoreTable sums(space), counts(space);
    RandomStream random({view.seed(), kStream, static_cast<uint64_t>(view.milestone()),
                         static_cast<uint64_t>(ids.size())});
    for (int64_t order = 0; order < orders_; ++order) {
      NetworkChoice choice;
      choice.images = images_;
      choice.batch = order;
      NAP_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkView> network, view.Network(choice));
      random.Shuffle(ids);
      // What earlier orders did not come to goes first.
      std::stable_sort(ids.begin(), ids.end(), [&](const CandidateId& a, const CandidateId& b) {
        return counts[a] < counts[b];
      });
      LivingTable living = view.living();
      double loss = network->Loss(living);
      const double most = loss + truncation_;
      for (const CandidateId& id : ids) {
        if (loss > most) break;  // in what is left nothing can be told any more
        if (IsLastOfNode(space, living, id)) continue;
        living[id] = false;
        const double without = network->Loss(living);
        sums[id] += without - loss;
        ++counts[id];
        loss = without;
      }
    }
    double highest = -std::numeric_limits<double>::infinity();
    for (const CandidateId& id : ids) {
      if (counts[id] == 0) continue;
      sums[id] /= counts[id];
      highest = std::max(highest, sums[id]);
    }
    // Of what was never taken away nothing is known to be small.
    for (const CandidateId& id : ids) {
      if (counts[id] == 0) sums[id] = std::isfinite(highest) ? highest : 0;
    }
    return sums;
  }

  int64_t RemovalsPerScoring(int64_t living) const override {
    return RemovalsOf(removals_, living);
  }

 private:
  const int64_t orders_, images_;
  const double truncation_, removals_;
};

const bool registered = PruningCriterionRegistry::Global().Register(
    "shapley",
    {"mean growth of the loss over the orders in which operations can go (Shapley-NAS)",
     [](const CandidateSpace&, const ParameterValues& parameters) {
       return std::make_unique<Shapley>(parameters);
     },
     {Parameter::Integer("orders", 10, 1, "random orders, each with a batch of its own"),
      Parameter::Integer("images", 256, 1, "images in a batch, at most"),
      Parameter::Number("truncation", 0.7, 0, "growth of the loss after which an order ends"),
      RemovalsParameter(0)}});

}  // namespace
}  // namespace nap
