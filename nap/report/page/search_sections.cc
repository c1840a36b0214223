#include "nap/report/page/search_sections.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype.h"

namespace nap {
namespace {

constexpr size_t kMostShown = 40;  // rows of a table that is not folded
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> EpochNames(const SearchHistory& history) {
  std::vector<std::string> names;
  for (int epoch : history.epochs) names.push_back(absl::StrCat(epoch));
  return names;
}

// `num_inputs`: of the cell. As NodeName.
std::string EdgeName(int source, int target, int num_inputs) {
  return absl::StrCat(NodeName(source, num_inputs), " → ", NodeName(target, num_inputs));
}

// The first node after the inputs is some edge's target.
int NumInputs(const CellHistory& cell) {
  int first = std::numeric_limits<int>::max();
  for (const EdgeHistory& edge : cell.edges) first = std::min(first, edge.target);
  return first;
}

std::string EdgeName(const EdgeHistory& edge, const CellHistory& cell) {
  return EdgeName(edge.source, edge.target, NumInputs(cell));
}

using Values = std::vector<double> OperationHistory::*;

// What is drawn of an operation on an edge over time.
struct Drawn {
  Values values;
  const char* unit;
  const char* x_title;
  std::vector<std::string> x;
};

// Of the values of epochs those while it lived.
void CutOff(const SearchHistory& history, const OperationHistory& operation,
            std::vector<double>* values) {
  for (size_t at = 0; at < values->size(); ++at) {
    double& value = (*values)[at];
    // The weight of what was just pruned is 0 at once; what it was before says more.
    if (!operation.Lives() && history.epochs[at] > operation.pruned) value = kNone;
    if (operation.pruned == history.epochs[at] && value == 0 && at > 0) value = kNone;
  }
}

// A small chart an edge; all of a cell have the same axis, so that their lines compare.
std::string EdgeCharts(const SearchHistory& history, const Drawn& drawn, Page* page) {
  std::string markup;
  for (const CellHistory& cell : history.cells) {
    std::vector<Chart> charts;
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const EdgeHistory& edge : cell.edges) {
      Chart chart;
      chart.title = absl::StrCat(cell.name, " ", EdgeName(edge, cell));
      chart.x_title = drawn.x_title;
      chart.y_title = drawn.unit;
      chart.x = drawn.x;
      chart.is_small = true;
      for (size_t i = 0; i < history.operations.size(); ++i) {
        const OperationHistory& operation = edge.operations[i];
        Series series{history.operations[i], OperationStyle(history.operations[i]),
                      operation.*drawn.values};
        if (drawn.values != &OperationHistory::scores) {
          CutOff(history, operation, &series.values);
        }
        for (const double value : series.values) {
          if (!std::isfinite(value)) continue;
          low = std::min(low, value);
          high = std::max(high, value);
        }
        chart.series.push_back(std::move(series));
      }
      charts.push_back(std::move(chart));
    }
    std::vector<std::string> places;
    for (Chart& chart : charts) {
      chart.y_min = low;
      chart.y_max = high;
      places.push_back(page->Place(chart));
    }
    absl::StrAppend(&markup, "<h3>", Escaped(CellTitle(cell.name)), "</h3>\n",
                    Page::Grid(places, true));
  }
  return markup;
}

bool IsPruned(const SearchHistory& history) {
  for (const CellHistory& cell : history.cells) {
    for (const EdgeHistory& edge : cell.edges) {
      for (const OperationHistory& operation : edge.operations) {
        if (!operation.Lives()) return true;
      }
    }
  }
  return false;
}

std::string PrunedChart(const SearchHistory& history, const CellHistory& cell, Page* page) {
  Chart chart;
  chart.kind = Chart::Kind::kStackedBars;
  chart.title = absl::StrCat("Pruned from the ", CellTitle(cell.name));
  chart.x_title = "epoch";
  chart.y_title = "operations";
  chart.x = EpochNames(history);
  for (size_t i = 0; i < history.operations.size(); ++i) {
    if (history.is_zero[i]) continue;
    Series series{history.operations[i], OperationStyle(history.operations[i]), {}};
    for (int epoch : history.epochs) {
      series.values.push_back(std::count_if(
          cell.edges.begin(), cell.edges.end(),
          [&](const EdgeHistory& edge) { return edge.operations[i].pruned == epoch; }));
    }
    chart.series.push_back(std::move(series));
  }
  return page->Place(chart);
}

// A row an edge, a column an operation: the epoch in which it went.
std::string PrunedTable(const SearchHistory& history, const CellHistory& cell) {
  Table table;
  table.header.push_back("edge");
  for (size_t i = 0; i < history.operations.size(); ++i) {
    if (!history.is_zero[i]) table.header.push_back(history.operations[i]);
  }
  for (const EdgeHistory& edge : cell.edges) {
    std::vector<std::string> row = {EdgeName(edge, cell)};
    for (size_t i = 0; i < history.operations.size(); ++i) {
      if (history.is_zero[i]) continue;
      const OperationHistory& operation = edge.operations[i];
      const int colour = OperationStyle(history.operations[i]).colour;
      row.push_back(operation.Lives() ? absl::StrCat("<b class=\"kept\" style=\"--c:var(--c",
                                                     colour, ")\">kept</b>")
                                      : absl::StrCat(operation.pruned));
    }
    table.rows.push_back(std::move(row));
  }
  return absl::StrCat("<h3>", Escaped(CellTitle(cell.name)), "</h3>\n", TableMarkup(table));
}

std::string RemovalsTable(const SearchHistory& history) {
  Table table;
  table.header = {"epoch", "scoring", "operation", "cell", "edge", "score", "next", "distance"};
  std::map<std::string, int> num_inputs;  // a cell
  for (const CellHistory& cell : history.cells) num_inputs[cell.name] = NumInputs(cell);
  for (const RemovalHistory& removal : history.removals) {
    const auto number = [](double value) {
      return std::isfinite(value) ? absl::StrFormat("%.6g", value) : std::string("none left");
    };
    table.rows.push_back(
        {absl::StrCat(removal.epoch), absl::StrCat(removal.scoring), Escaped(removal.operation),
         Escaped(removal.cell), EdgeName(removal.source, removal.target, num_inputs[removal.cell]),
         number(removal.score), number(removal.next), number(removal.next - removal.score)});
  }
  return TableMarkup(table);
}

std::string SamplesTable(const SearchHistory& history) {
  const bool are_of_several = history.samples.front().scoring != history.samples.back().scoring;
  Table table;
  table.header.push_back("place");
  if (are_of_several) table.header.push_back(history.scorings_are_epochs ? "epoch" : "scoring");
  table.header.insert(table.header.end(), history.score_names.begin(), history.score_names.end());
  table.header.push_back("architecture");
  int place = 0;
  for (size_t i = 0; i < history.samples.size(); ++i) {
    const SampleHistory& sample = history.samples[i];
    if (i > 0 && sample.scoring != history.samples[i - 1].scoring) place = 0;
    std::vector<std::string> row = {absl::StrCat(++place)};
    if (are_of_several) row.push_back(history.scorings[sample.scoring]);
    for (const double score : sample.scores) {
      row.push_back(std::isnan(score) ? "" : absl::StrFormat("%.6g", score));
    }
    row.push_back(
        absl::StrCat("<code class=\"wrapped\">", Escaped(sample.architecture), "</code>"));
    table.rows.push_back(std::move(row));
  }
  return TableMarkup(table);
}

std::string WithLegend(const SearchHistory& history, const std::string& charts) {
  return absl::StrCat("<div class=\"sticky\">", LegendOfOperations(history.operations), "</div>\n",
                      charts);
}

std::string StrengthCharts(const SearchHistory& history, Page* page) {
  const std::vector<std::string> epochs = EpochNames(history);
  std::string markup =
      EdgeCharts(history, {&OperationHistory::strengths, "strength", "epoch", epochs}, page);
  if (!history.mixes_by_strengths) {
    absl::StrAppend(
        &markup,
        Folded("The mixing weights that the strengths make",
               EdgeCharts(history, {&OperationHistory::mixing_weights, "weight", "epoch", epochs},
                          page)));
  }
  return markup;
}

// Whatever decided, first; where nothing was pruned yet, the strengths.
void AddWorths(const SearchHistory& history, Page* page) {
  const bool has_strengths = history.epochs.back() > 0;  // that were trained
  if (history.scorings.empty() || history.scores_are_weights) {
    if (!has_strengths) return;
    page->AddSection(
        "Strengths over time",
        "What each candidate operation on an edge is worth, after every epoch. A line ends "
        "where its operation was pruned. Edges are named by the nodes that they join; the "
        "charts of a cell share one scale.",
        WithLegend(history, StrengthCharts(history, page)));
    return;
  }
  const char* const x_title = history.scorings_are_epochs ? "epoch" : "scoring";
  std::string scores =
      EdgeCharts(history, {&OperationHistory::scores, "score", x_title, history.scorings}, page);
  if (has_strengths) {
    absl::StrAppend(&scores,
                    Folded("The strengths, which did not decide", StrengthCharts(history, page)));
  }
  page->AddSection(
      "Scores over time",
      absl::StrCat("What the criterion gave each candidate operation on an edge at ",
                   history.scorings_are_epochs ? "each milestone"
                                               : "each scoring, of all milestones one after the "
                                                 "other",
                   ": the lowest went. A line ends where its operation was pruned. Edges are named "
                   "by the nodes that they join; the charts of a cell share one scale."),
      WithLegend(history, scores));
}

}  // namespace

int NumLiving(const SearchHistory& history, const CellHistory& cell) {
  int count = 0;
  for (const EdgeHistory& edge : cell.edges) {
    for (size_t i = 0; i < history.operations.size(); ++i) {
      if (!history.is_zero[i] && edge.operations[i].Lives()) ++count;
    }
  }
  return count;
}

void AddSearchSections(const SearchHistory& history, Page* page) {
  if (history.epochs.empty()) return;
  if (history.samples.empty()) {
    AddWorths(history, page);
  } else {
    page->AddSection(
        "Architectures that were compared",
        "Drawn by chance among those that the search could still end with. The best stands first, "
        "and a later score was asked of the best by the one before it alone. Higher scores are "
        "better; a loss is negative.",
        SamplesTable(history));
  }
  if (!IsPruned(history)) return;
  std::vector<std::string> charts;
  std::string tables;
  for (const CellHistory& cell : history.cells) {
    charts.push_back(PrunedChart(history, cell, page));
    absl::StrAppend(&tables, PrunedTable(history, cell));
  }
  page->AddSection(
      "What was pruned when",
      "How many operations left the network at the end of each epoch, and, edge by edge, "
      "in which epoch each of them went.",
      absl::StrCat(Page::Grid(charts), Folded("Edge by edge", tables)));
  // The scores of operations are but the places of architectures.
  if (history.removals.empty() || !history.samples.empty()) return;
  page->AddSection(
      "Why each operation went",
      "What the criterion gave it, the lowest score that was left when it went, and the distance "
      "between the two: where that is small, chance could have decided otherwise; below zero, the "
      "budget or the connections of the cell kept a weaker one. Scorings are counted in each "
      "milestone.",
      history.removals.size() > kMostShown ? Folded("Removal by removal", RemovalsTable(history))
                                           : RemovalsTable(history));
}

}  // namespace nap
