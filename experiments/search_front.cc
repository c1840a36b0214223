#include "experiments/search_front.h"

#include <absl/strings/str_cat.h>

#include "nap/base/parameters.h"
#include "nap/base/status_macros.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"
#include "nap/report/text_table.h"

namespace nap {

absl::StatusOr<FrontRecord> MakeFrontRecord(const std::vector<FrontPoint>& points,
                                            const SearchOptions& options,
                                            const SearchSpace& space) {
  const FinalNetwork& network = options.final_network;
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, space.Plan(network.network));
  FrontRecord record{CostKindName(options.front),
                     options.epochs > 0 ? kSupernetAccuracy : SplitName(options.front_score).name,
                     {}};
  for (const FrontPoint& point : points) {
    NAP_ASSIGN_OR_RETURN(const Cost cost,
                         NetworkCost(plan, space.cell_types(), point.genotype, network.image));
    FrontEntry entry;
    entry.limit = point.limit;
    entry.parameters = static_cast<double>(cost.parameters);
    entry.mult_adds = static_cast<double>(cost.mult_adds);
    if (options.latency != nullptr) {
      NAP_ASSIGN_OR_RETURN(entry.latency_ms,
                           NetworkLatency(plan, space.cell_types(), point.genotype, network.image,
                                          *options.latency));
    }
    entry.quality = point.quality;
    entry.genotype = point.genotype;
    record.points.push_back(entry);
  }
  return record;
}

int OtherPointOf(const FrontRecord& record) {
  const std::vector<FrontPlace> places = PlacesIn(record);
  for (size_t point = 1; point < places.size(); ++point) {
    if (places[point].same_as < 0 && places[point].dominated_by < 0) return static_cast<int>(point);
  }
  return -1;
}

std::string FrontText(const FrontRecord& record) {
  return absl::StrCat(
      TextTable(FrontTable(record)),
      record.quality == kSupernetAccuracy
          ? "The accuracy is that of a point's operations with the supernet's weights, not of a "
            "network that is trained for itself."
          : absl::StrCat("Nothing was trained: ", record.quality,
                         " is a score of untrained networks, the higher the better."));
}

}  // namespace nap
