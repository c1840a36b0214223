#include "nap/report/page/front_section.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace nap {
namespace {

Chart FrontChart(const FrontRecord& record) {
  const bool is_accuracy = record.quality == kSupernetAccuracy;
  const std::vector<FrontPlace> places = PlacesIn(record);
  std::vector<size_t> by_cost;
  for (size_t i = 0; i < record.points.size(); ++i) {
    if (places[i].same_as < 0) by_cost.push_back(i);
  }
  std::stable_sort(by_cost.begin(), by_cost.end(), [&](size_t a, size_t b) {
    return record.points[a].Cost(record.cost) < record.points[b].Cost(record.cost);
  });
  Chart chart;
  chart.kind = Chart::Kind::kPoints;
  chart.title = "Quality over cost";
  chart.x_title = CostTitle(record.cost);
  chart.y_title = is_accuracy ? "supernet accuracy (%)" : record.quality;
  Series best{"best at its cost", StyleOf(0), {}}, dominated{"dominated", StyleOf(1), {}};
  for (const size_t i : by_cost) {
    const FrontEntry& point = record.points[i];
    chart.x.push_back(absl::StrCat(InUnitOfTitle(record.cost, point.Cost(record.cost))));
    // Those that came out the same share their mark.
    std::string label = absl::StrCat(i + 1);
    for (size_t j = i + 1; j < record.points.size(); ++j) {
      if (places[j].same_as == static_cast<int>(i)) absl::StrAppend(&label, ", ", j + 1);
    }
    chart.labels.push_back(std::move(label));
    const double quality = is_accuracy ? 100 * point.quality : point.quality;
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const bool is_best = places[i].dominated_by < 0;
    best.values.push_back(is_best ? quality : kNone);
    dominated.values.push_back(is_best ? kNone : quality);
  }
  const bool any_dominated = std::any_of(dominated.values.begin(), dominated.values.end(),
                                         [](double value) { return std::isfinite(value); });
  chart.series = {std::move(best)};
  if (any_dominated) chart.series.push_back(std::move(dominated));
  return chart;
}

}  // namespace

void AddFrontSection(const FrontRecord& record, Page* page) {
  Table table;
  for (const std::vector<std::string>& row : FrontTable(record)) {
    if (table.header.empty()) {
      table.header = row;
      continue;
    }
    table.rows.emplace_back();
    for (const std::string& cell : row) table.rows.back().push_back(Escaped(cell));
  }
  const std::string quality =
      record.quality == kSupernetAccuracy
          ? "the accuracy of its operations with the supernet's weights on the validation part, "
            "not "
            "that of a network which is trained for itself"
          : absl::StrCat("what the score ", Escaped(record.quality),
                         " says of the untrained network; nothing was trained");
  page->AddSection(
      "Front",
      absl::StrCat("The networks that the search has ended with, each within a limit of its own. "
                   "Quality is ",
                   quality, ". Point 1 is the search's own, which the rest of this page is about."),
      absl::StrCat(Page::Grid({page->Place(FrontChart(record))}), TableMarkup(table)));
}

}  // namespace nap
