// shapley: what an operation adds to the trained supernet on average over the orders in which
// operations can be taken away (Xiao et al., "Shapley-NAS: Discovering Operation Contribution for
// Neural Architecture Search", CVPR 2022), by sampling orders. Theirs adds these values to the
// strengths during training and takes accuracy; here they rank at a milestone, and it is the loss,
// which also moves where accuracy does not.
#include <absl/strings/str_cat.h>

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

  absl::StatusOr<NumberTable> Score(SearchView& view) override {
    const CandidateSpace& space = view.space();
    const std::vector<CandidateId> ids = LivingOperations(space, view.living());
    const std::vector<std::vector<CandidateId>> orders = Orders(view, ids);
    NAP_ASSIGN_OR_RETURN(const std::vector<SearchView::Numbers> growths,
                         view.ShareOut(orders_, [&](int64_t order) {
                           return GrowthsOf(view, order, orders[order]);
                         }));
    NumberTable sums(space), counts(space);
    for (int64_t order = 0; order < orders_; ++order) {
      for (size_t i = 0; i < growths[order].size(); ++i) {
        if (std::isnan(growths[order][i])) continue;
        sums[orders[order][i]] += growths[order][i];
        ++counts[orders[order][i]];
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
  // By chance, but each operation is early in one of them: of what is late nothing may be told.
  std::vector<std::vector<CandidateId>> Orders(SearchView& view,
                                               std::vector<CandidateId> ids) const {
    RandomStream random({view.seed(), kStream, static_cast<uint64_t>(view.milestone()),
                         static_cast<uint64_t>(ids.size())});
    const size_t early = (ids.size() + orders_ - 1) / orders_;
    NumberTable counts(view.space());  // how often it was
    std::vector<std::vector<CandidateId>> orders;
    for (int64_t order = 0; order < orders_; ++order) {
      random.Shuffle(ids);
      std::stable_sort(ids.begin(), ids.end(), [&](const CandidateId& a, const CandidateId& b) {
        return counts[a] < counts[b];
      });
      for (size_t i = 0; i < early; ++i) ++counts[ids[i]];
      orders.push_back(ids);
    }
    return orders;
  }

  // Of the loss, as one operation after the other is taken away, until it has grown by the
  // truncation; not a number for one without which a node has none.
  absl::StatusOr<SearchView::Numbers> GrowthsOf(SearchView& view, int64_t order,
                                                const std::vector<CandidateId>& ids) const {
    NetworkChoice choice;
    choice.images = images_;
    choice.batch = order;
    NAP_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkView> network, view.Network(choice));
    LivingTable living = view.living();
    double loss = network->Loss(living);
    NAP_RETURN_IF_ERROR(CheckLoss(loss));
    const double most = loss + truncation_;
    SearchView::Numbers growths;
    for (const CandidateId& id : ids) {
      if (loss > most) break;
      if (IsLastOfNode(view.space(), living, id)) {
        growths.push_back(std::numeric_limits<double>::quiet_NaN());
        continue;
      }
      living[id] = false;
      const double without = network->Loss(living);
      NAP_RETURN_IF_ERROR(CheckLoss(without));
      growths.push_back(without - loss);
      loss = without;
    }
    return growths;
  }

  static absl::Status CheckLoss(double loss) {
    if (std::isfinite(loss)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("the supernet's loss is ", loss));
  }

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
