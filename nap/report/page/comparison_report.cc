#include "nap/report/page/comparison_report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/duration.h"
#include "nap/report/page/cells.h"
#include "nap/report/page/page.h"
#include "nap/report/page/run_files.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Run {
  Json numbers;
  Genotype genotype;
};

struct Method {
  std::string name;
  double accuracy_mean;
  double accuracy_spread;
  std::vector<Run> runs;
};

absl::StatusOr<std::vector<Method>> ReadMethods(const Json& comparison) {
  std::vector<Method> methods;
  for (const Json& json : comparison.at("methods")) {
    Method method{json.at("name").get<std::string>(),
                  NumberIn(json, "accuracy_mean"),
                  NumberIn(json, "accuracy_spread"),
                  {}};
    for (const Json& run : json.at("runs")) {
      const absl::StatusOr<Genotype> genotype = GenotypeFromJson(run.at("genotype").dump());
      if (!genotype.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("the genotype of a run of ", method.name,
                                                       ": ", genotype.status().message()));
      }
      method.runs.push_back({run, *genotype});
    }
    methods.push_back(std::move(method));
  }
  return methods;
}

// Over the method's runs; not a number if none has it.
double MeanOf(const Method& method, const char* key) {
  double sum = 0, count = 0;
  for (const Run& run : method.runs) {
    const double value = NumberIn(run.numbers, key);
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : kNone;
}

std::string Fixed(double value, int digits, double scale = 1) {
  return std::isfinite(value) ? absl::StrFormat("%.*f", digits, scale * value) : "–";
}

// Of its runs, in their order.
std::string RanksOf(const Method& method) {
  std::vector<std::string> ranks;
  for (const Run& run : method.runs) ranks.push_back(Fixed(NumberIn(run.numbers, "rank"), 0));
  return absl::StrJoin(ranks, ", ");
}

// Whether accuracies were looked up.
bool HasRanks(const std::vector<Method>& methods) {
  return std::any_of(methods.begin(), methods.end(),
                     [](const Method& method) { return std::isfinite(MeanOf(method, "rank")); });
}

std::string DifferenceTable(const Json& comparison) {
  Table table{{"difference of means", "accuracy (%)", "95 of 100 cases"}, {}};
  for (const Json& difference : comparison.value("differences", Json::array())) {
    const auto methods = difference.at("methods").get<std::vector<std::string>>();
    table.rows.push_back({Escaped(absl::StrJoin(methods, " – ")),
                          Fixed(NumberIn(difference, "mean"), 2, 100),
                          absl::StrCat(Fixed(NumberIn(difference, "low"), 2, 100), " to ",
                                       Fixed(NumberIn(difference, "high"), 2, 100))});
  }
  return table.rows.empty() ? "" : TableMarkup(table);
}

std::string MethodTable(const std::vector<Method>& methods) {
  const bool ranks = HasRanks(methods);
  Table table{{"method", "runs", "test accuracy (%)"}, {}};
  if (ranks) table.header.push_back("ranks");
  for (const char* title : {"skip-connections", "distinct operations", "depth", "parameters (M)",
                            "mult-adds (M)", "search time", "search memory (GB)"}) {
    table.header.push_back(title);
  }
  for (const Method& method : methods) {
    const double seconds = MeanOf(method, "search_seconds");
    std::string accuracy = Fixed(method.accuracy_mean, 2, 100);
    if (std::isfinite(method.accuracy_spread)) {
      absl::StrAppend(&accuracy, " ± ", Fixed(method.accuracy_spread, 2, 100));
    }
    table.rows.push_back({Escaped(method.name), absl::StrCat(method.runs.size()), accuracy});
    std::vector<std::string>& row = table.rows.back();
    if (ranks) row.push_back(RanksOf(method));
    row.insert(
        row.end(),
        {Fixed(MeanOf(method, "skip_connections"), 1),
         Fixed(MeanOf(method, "distinct_operations"), 1), Fixed(MeanOf(method, "depth"), 1),
         Fixed(MeanOf(method, "parameters"), 3, 1e-6), Fixed(MeanOf(method, "mult_adds"), 1, 1e-6),
         std::isfinite(seconds) ? FormatDuration(seconds) : "–",
         Fixed(MeanOf(method, "search_peak_memory_bytes"), 2, 1e-9)});
  }
  return TableMarkup(table);
}

// A bar as high as mean - spread to mean + spread, and a point a seed.
Chart AccuracyChart(const std::vector<Method>& methods) {
  Chart chart;
  chart.kind = Chart::Kind::kRanges;
  chart.title = "Test accuracy";
  chart.x_title = "method";
  chart.y_title = "accuracy (%)";
  Series mean{"mean", StyleOf(0), {}}, spread{"mean ± spread", StyleOf(0), {}};
  std::set<int64_t> seeds;
  for (const Method& method : methods) {
    chart.x.push_back(method.name);
    mean.values.push_back(100 * method.accuracy_mean);
    spread.values.push_back(100 * method.accuracy_spread);
    for (const Run& run : method.runs) seeds.insert(run.numbers.at("seed").get<int64_t>());
  }
  chart.series = {mean, spread};
  for (int64_t seed : seeds) {
    Series points{
        absl::StrCat("seed ", seed), StyleOf(static_cast<int>(chart.series.size()) - 1), {}};
    for (const Method& method : methods) {
      points.values.push_back(kNone);
      for (const Run& run : method.runs) {
        if (run.numbers.at("seed") == seed) {
          points.values.back() = 100 * NumberIn(run.numbers, "test_accuracy");
        }
      }
    }
    chart.series.push_back(std::move(points));
  }
  return chart;
}

// A line a method: the mean over its runs.
Chart SkipChart(const std::vector<Method>& methods) {
  Chart chart;
  chart.title = "Skip-connections over the search";
  chart.x_title = "epoch";
  chart.y_title = "skip-connections, mean of runs";
  chart.y_min = 0;
  size_t epochs = 0;
  for (const Method& method : methods) {
    const int index = static_cast<int>(chart.series.size());
    Series series{method.name, StyleOf(index), {}};
    series.style.dash = index % 3;
    std::vector<double> sums, counts;
    for (const Run& run : method.runs) {
      const Json by_epoch = run.numbers.value("skip_connections_by_epoch", Json::array());
      sums.resize(std::max(sums.size(), by_epoch.size()));
      counts.resize(sums.size());
      for (size_t i = 0; i < by_epoch.size(); ++i) {
        if (!by_epoch[i].is_number()) continue;
        sums[i] += by_epoch[i].get<double>();
        ++counts[i];
      }
    }
    for (size_t i = 0; i < sums.size(); ++i) {
      series.values.push_back(counts[i] > 0 ? sums[i] / counts[i] : kNone);
    }
    epochs = std::max(epochs, series.values.size());
    if (!series.values.empty()) chart.series.push_back(std::move(series));
  }
  for (Series& series : chart.series) series.values.resize(epochs, kNone);
  for (size_t epoch = 1; epoch <= epochs; ++epoch) chart.x.push_back(absl::StrCat(epoch));
  return chart;
}

// Those of a type beside each other.
std::string CellsOf(const std::vector<Method>& methods) {
  std::vector<Genotype> genotypes;
  std::vector<std::string> titles;
  std::set<std::string> operations;
  for (const Method& method : methods) {
    for (const Run& run : method.runs) {
      genotypes.push_back(run.genotype);
      titles.push_back(absl::StrCat(
          "<h4>", Escaped(method.name), ", seed ", run.numbers.at("seed").get<int64_t>(), ": ",
          Fixed(NumberIn(run.numbers, "test_accuracy"), 2, 100), " %</h4>\n"));
      for (const std::string& name : OperationsOf(run.genotype)) operations.insert(name);
    }
  }
  const auto figures = DrawCells(genotypes);
  std::vector<std::string> types;
  std::map<std::string, std::vector<std::string>> by_type;
  for (size_t run = 0; run < genotypes.size(); ++run) {
    for (size_t cell = 0; cell < figures[run].size(); ++cell) {
      const std::string& type = genotypes[run].cells[cell].name;
      if (by_type.count(type) == 0) types.push_back(type);
      by_type[type].push_back(absl::StrCat("<div>", titles[run], figures[run][cell], "</div>\n"));
    }
  }
  std::string markup =
      absl::StrCat("<div class=\"sticky\">",
                   LegendOfOperations({operations.begin(), operations.end()}), "</div>\n");
  for (const std::string& type : types) {
    absl::StrAppend(&markup, "<h3>", Escaped(CellTitle(type)), "s</h3>\n",
                    Page::Grid(by_type[type]));
  }
  return markup;
}

// What has not ended, and how it goes on; nothing if all has.
void AddMissing(const Json& comparison, size_t ended, Page* page) {
  const Json missing = comparison.value("missing", Json::object());
  Table table{{"method", "seed", "when this page was written"}, {}};
  for (const Json& run : missing.value("runs", Json::array())) {
    table.rows.push_back({Escaped(run.at("method").get<std::string>()),
                          absl::StrCat(run.at("seed").get<uint64_t>()),
                          Escaped(run.at("state").get<std::string>())});
  }
  if (table.rows.empty()) return;
  std::string content = TableMarkup(table);
  const auto command = missing.value("command", std::string());
  if (!command.empty()) {
    absl::StrAppend(&content,
                    "<p>This command goes on, and leaves to others what they are at:</p>\n<pre>",
                    Escaped(command), "</pre>\n");
  }
  page->AddSection("Not complete",
                   absl::StrCat(table.rows.size(), " of ", table.rows.size() + ended,
                                " runs are missing from what follows."),
                   content);
}

absl::StatusOr<std::string> ComparisonPage(const Json& comparison) {
  NAP_ASSIGN_OR_RETURN(const std::vector<Method> methods, ReadMethods(comparison));
  size_t runs = 0;
  const Method* best = nullptr;
  for (const Method& method : methods) {
    runs += method.runs.size();
    if (method.runs.empty() || !std::isfinite(method.accuracy_mean)) continue;
    if (best == nullptr || method.accuracy_mean > best->accuracy_mean) best = &method;
  }
  const bool looked_up = HasRanks(methods);
  Page page("Comparison of search methods",
            looked_up ? "What each method found, by a table of published accuracies."
                      : "What each method found, with the same training from scratch.");
  AddMissing(comparison, runs, &page);
  std::vector<Tile> tiles;
  if (best != nullptr) {
    const std::string spread =
        std::isfinite(best->accuracy_spread) ? ", ± " + Fixed(best->accuracy_spread, 2, 100) : "";
    tiles.push_back(
        {"Highest mean accuracy", Fixed(best->accuracy_mean, 2, 100) + " %", best->name + spread});
  }
  tiles.push_back({"Methods", absl::StrCat(methods.size()), ""});
  tiles.push_back({"Runs that ended", absl::StrCat(runs), ""});
  page.AddTiles(tiles);
  page.AddSection(
      "Methods",
      "Means over the runs of a method. Skip-connections, distinct operations and depth "
      "(nodes on the longest way through) are those of the normal cell; parameters and "
      "multiply-adds those of the network that the accuracy is of.",
      MethodTable(methods));
  const std::string differences = DifferenceTable(comparison);
  if (!differences.empty()) {
    page.AddSection("Differences",
                    "Where the difference of two means lies in 95 of 100 cases, by drawing the "
                    "runs anew with replacement (bootstrap). An interval that spans zero is no "
                    "difference that was found.",
                    differences);
  }
  if (runs > 0) {
    page.AddSection(
        "Charts", "A point is a run; a bar spans the mean plus and minus the spread.",
        Page::Grid({page.Place(AccuracyChart(methods)), page.Place(SkipChart(methods))}));
    page.AddSection("Cells",
                    looked_up ? "What each run found, and its accuracy in the table."
                              : "What each run found, and the test accuracy of it trained from "
                                "scratch.",
                    CellsOf(methods));
  }
  Table settings;
  for (const auto& [name, value] : comparison.at("settings").items()) {
    settings.rows.push_back({Escaped(name), Escaped(value.get<std::string>())});
  }
  page.AddSection("Settings", "", TableMarkup(settings));
  return page.Html();
}

}  // namespace

absl::Status WriteComparisonReport(const std::string& json_text, const std::string& path) {
  const auto is_wrong = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot write ", path, ": the comparison is not as expected: ", what));
  };
  try {
    const absl::StatusOr<std::string> html = ComparisonPage(ParseJsonText(json_text));
    if (!html.ok()) return is_wrong(html.status().message());
    return WriteFileAtomically(path, *html);
  } catch (const nlohmann::json::exception& error) {
    return is_wrong(error.what());
  }
}

}  // namespace nap
