#include "nap/report/comparison.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/statistics.h"
#include "nap/base/status_macros.h"
#include "nap/report/page/comparison_report.h"
#include "nap/report/text_table.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;
using Flags = std::map<std::string, std::string>;
using Settings = std::vector<std::pair<std::string, std::string>>;
using Row = std::vector<std::string>;

struct Method {
  std::string name;
  std::vector<const ComparedRun*> runs;
};

std::vector<Method> ByMethod(const std::vector<ComparedRun>& runs) {
  std::vector<Method> methods;
  for (const ComparedRun& run : runs) {
    auto found = std::find_if(methods.begin(), methods.end(),
                              [&](const Method& method) { return method.name == run.method; });
    if (found == methods.end()) found = methods.insert(found, {run.method, {}});
    found->runs.push_back(&run);
  }
  return methods;
}

Statistics StatisticsOf(const Method& method,
                        const std::function<double(const ComparedRun&)>& value) {
  std::vector<double> values;
  for (const ComparedRun* run : method.runs) values.push_back(value(*run));
  return nap::StatisticsOf(values);
}

// The different values of a flag, in order of appearance.
std::vector<std::string> ValuesOf(const std::vector<ComparedRun>& runs, Flags ComparedRun::*flags,
                                  const std::string& name) {
  std::vector<std::string> values;
  for (const ComparedRun& run : runs) {
    const auto found = (run.*flags).find(name);
    const std::string value = found == (run.*flags).end() ? "" : found->second;
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  return values;
}

// What makes the scale; and any other flag of the training in which the runs differ, since one
// recipe is the point of the comparison. That searches differ is their methods' matter.
Settings SettingsOf(const std::vector<ComparedRun>& runs) {
  static const std::set<std::string> kMayDiffer = {
      "checkpoint_minutes", "genotype", "out_dir", "preset", "resume", "seed", "workers"};
  Settings settings;
  const auto add = [&](const char* what, Flags ComparedRun::*flags, const std::string& name) {
    const std::vector<std::string> values = ValuesOf(runs, flags, name);
    if (values.size() == 1 && values.front().empty()) return;
    settings.emplace_back(absl::StrCat(what, " --", name), absl::StrJoin(values, " | "));
  };
  std::set<std::string> scale;
  for (const char* name : {"dataset", "data_dir", "image_size", "max_images", "channels", "cells",
                           "epochs", "steps_per_epoch", "batch_size", "threads"}) {
    scale.insert(name);
    add("search", &ComparedRun::search_flags, name);
  }
  for (const auto& [name, value] : runs.empty() ? Flags() : runs.front().train_flags) {
    const bool differs = ValuesOf(runs, &ComparedRun::train_flags, name).size() > 1;
    if (scale.count(name) != 0 || (differs && kMayDiffer.count(name) == 0)) {
      add("train", &ComparedRun::train_flags, name);
    }
  }
  return settings;
}

// What both tables show after their first columns.
struct Column {
  const char* title;
  double (*value)(const ComparedRun&);
  int decimals;       // of a run's value
  int mean_decimals;  // of a method's mean
};

const Column kColumns[] = {
    {"skips", [](const ComparedRun& run) { return 1. * run.skip_connections; }, 0, 1},
    {"distinct ops", [](const ComparedRun& run) { return 1. * run.distinct_operations; }, 0, 1},
    {"depth", [](const ComparedRun& run) { return 1. * run.depth; }, 0, 1},
    {"M params", [](const ComparedRun& run) { return run.parameters / 1e6; }, 4, 4},
    {"M mult-adds", [](const ComparedRun& run) { return run.mult_adds / 1e6; }, 2, 2},
    {"search s", [](const ComparedRun& run) { return run.search_seconds; }, 0, 0},
    {"peak MB", [](const ComparedRun& run) { return run.search_peak_memory_bytes / 1e6; }, 0, 0},
};

const Column kRank = {"rank", [](const ComparedRun& run) { return 1. * run.rank.value_or(0); }, 0,
                      1};

// With ranks, if accuracies were looked up in a table of them.
std::vector<Column> ColumnsOf(const std::vector<Method>& methods) {
  std::vector<Column> columns(std::begin(kColumns), std::end(kColumns));
  if (!methods.empty() && methods.front().runs.front()->rank.has_value()) {
    columns.insert(columns.begin(), kRank);
  }
  return columns;
}

std::string Percent(double share) { return absl::StrFormat("%.2f", 100 * share); }

std::string MethodTable(const std::vector<Method>& methods) {
  std::vector<Row> rows = {{"method", "runs", "test accuracy %", "spread"}};
  const std::vector<Column> columns = ColumnsOf(methods);
  for (const Column& column : columns) rows.front().push_back(column.title);
  for (const Method& method : methods) {
    const Statistics accuracy =
        StatisticsOf(method, [](const ComparedRun& run) { return run.test_accuracy; });
    rows.push_back({method.name, absl::StrCat(method.runs.size()), Percent(accuracy.mean),
                    accuracy.spread.has_value() ? Percent(*accuracy.spread) : "-"});
    for (const Column& column : columns) {
      const double mean = StatisticsOf(method, column.value).mean;
      rows.back().push_back(absl::StrFormat("%.*f", column.mean_decimals, mean));
    }
  }
  return TextTable(rows);
}

std::string RunTable(const std::vector<Method>& methods) {
  std::vector<Row> rows = {{"run", "test accuracy %"}};
  const std::vector<Column> columns = ColumnsOf(methods);
  for (const Column& column : columns) rows.front().push_back(column.title);
  for (const Method& method : methods) {
    for (const ComparedRun* run : method.runs) {
      rows.push_back({ComparedRunName(run->method, run->seed), Percent(run->test_accuracy)});
      for (const Column& column : columns) {
        rows.back().push_back(absl::StrFormat("%.*f", column.decimals, column.value(*run)));
      }
    }
  }
  return TextTable(rows);
}

// Of two methods' accuracies.
struct Difference {
  const Method* a;
  const Method* b;
  double mean;        // of a's less that of b's
  Interval interval;  // in which it lies in 95 of 100 cases
};

std::vector<double> AccuraciesOf(const Method& method) {
  std::vector<double> accuracies;
  for (const ComparedRun* run : method.runs) accuracies.push_back(run->test_accuracy);
  return accuracies;
}

// Of each two methods of which there is more than one run.
std::vector<Difference> DifferencesOf(const std::vector<Method>& methods) {
  std::vector<Difference> differences;
  for (size_t i = 0; i < methods.size(); ++i) {
    for (size_t j = i + 1; j < methods.size(); ++j) {
      if (methods[i].runs.size() < 2 || methods[j].runs.size() < 2) continue;
      const std::vector<double> a = AccuraciesOf(methods[i]), b = AccuraciesOf(methods[j]);
      differences.push_back({&methods[i], &methods[j],
                             nap::StatisticsOf(a).mean - nap::StatisticsOf(b).mean,
                             BootstrapDifference(a, b)});
    }
  }
  return differences;
}

std::string DifferenceTable(const std::vector<Method>& methods) {
  std::vector<Row> rows = {{"difference", "of means %", "95 of 100 cases"}};
  for (const Difference& difference : DifferencesOf(methods)) {
    rows.push_back({absl::StrCat(difference.a->name, " - ", difference.b->name),
                    absl::StrFormat("%+.2f", 100 * difference.mean),
                    absl::StrFormat("%+.2f to %+.2f", 100 * difference.interval.low,
                                    100 * difference.interval.high)});
  }
  return rows.size() > 1 ? absl::StrCat("\n", TextTable(rows)) : "";
}

// Nothing if nothing is missing.
std::string MissingToText(const MissingRuns& missing) {
  if (missing.runs.empty()) return "";
  std::string text = "missing:\n";
  for (const MissingRun& run : missing.runs) {
    absl::StrAppend(&text, "  ", run.method, ", seed ", run.seed, ": ", run.state, "\n");
  }
  if (!missing.command.empty()) absl::StrAppend(&text, "go on with: ", missing.command, "\n");
  return text;
}

}  // namespace

std::string ComparisonToJson(const std::vector<ComparedRun>& runs, const MissingRuns& missing) {
  Json settings = Json::object();
  for (const auto& [name, value] : SettingsOf(runs)) settings[name] = value;
  Json methods = Json::array();
  const std::vector<Method> by_method = ByMethod(runs);
  for (const Method& method : by_method) {
    const Statistics accuracy =
        StatisticsOf(method, [](const ComparedRun& run) { return run.test_accuracy; });
    Json entries = Json::array();
    for (const ComparedRun* run : method.runs) {
      entries.push_back({{"seed", run->seed},
                         {"test_accuracy", run->test_accuracy},
                         {"rank", run->rank.has_value() ? Json(*run->rank) : Json()},
                         {"skip_connections", run->skip_connections},
                         {"distinct_operations", run->distinct_operations},
                         {"depth", run->depth},
                         {"parameters", run->parameters},
                         {"mult_adds", run->mult_adds},
                         {"search_seconds", run->search_seconds},
                         {"search_peak_memory_bytes", run->search_peak_memory_bytes},
                         {"skip_connections_by_epoch", run->skip_connections_by_epoch},
                         {"genotype", Json::parse(run->genotype_json)}});
    }
    methods.push_back(
        {{"name", method.name},
         {"accuracy_mean", accuracy.mean},
         {"accuracy_spread", accuracy.spread.has_value() ? Json(*accuracy.spread) : Json()},
         {"runs", entries}});
  }
  Json differences = Json::array();
  for (const Difference& difference : DifferencesOf(by_method)) {
    differences.push_back({{"methods", {difference.a->name, difference.b->name}},
                           {"mean", difference.mean},
                           {"low", difference.interval.low},
                           {"high", difference.interval.high}});
  }
  Json json = {{"settings", settings}, {"methods", methods}, {"differences", differences}};
  Json missing_runs = Json::array();
  for (const MissingRun& run : missing.runs) {
    missing_runs.push_back({{"method", run.method}, {"seed", run.seed}, {"state", run.state}});
  }
  if (!missing_runs.empty()) {
    json["missing"] = {{"runs", missing_runs}, {"command", missing.command}};
  }
  return JsonText(json, 1) + "\n";
}

MissingRuns MissingInJson(const std::string& json_text) {
  MissingRuns missing;
  try {
    const Json json = ParseJsonText(json_text).at("missing");
    for (const Json& run : json.at("runs")) {
      missing.runs.push_back({run.at("method").get<std::string>(), run.at("seed").get<uint64_t>(),
                              run.at("state").get<std::string>()});
    }
    missing.command = json.at("command").get<std::string>();
  } catch (const nlohmann::json::exception&) {
    return {};  // an earlier version's, or none
  }
  return missing;
}

std::string ComparisonToText(const std::vector<ComparedRun>& runs, const MissingRuns& missing) {
  const std::vector<Method> methods = ByMethod(runs);
  std::string text = MissingToText(missing);
  if (!text.empty()) text += '\n';
  absl::StrAppend(&text, MethodTable(methods), DifferenceTable(methods), "\n", RunTable(methods),
                  "\nskip-connections by epoch of the search\n");
  std::vector<Row> skips;
  for (const Method& method : methods) {
    for (const ComparedRun* run : method.runs) {
      skips.push_back({ComparedRunName(run->method, run->seed)});
      for (int count : run->skip_connections_by_epoch) skips.back().push_back(absl::StrCat(count));
    }
  }
  text += TextTable(skips);
  for (const char* what : {"search", "train"}) {
    std::string flags;
    for (const auto& [name, value] : SettingsOf(runs)) {
      absl::string_view flag = name;
      if (absl::ConsumePrefix(&flag, what)) absl::StrAppend(&flags, flag, "=", value);
    }
    if (!flags.empty()) absl::StrAppend(&text, "\n", what, ":", flags);
  }
  return text + "\n";
}

absl::Status WriteComparison(const std::vector<ComparedRun>& runs, const MissingRuns& missing,
                             const std::string& folder) {
  NAP_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/comparison.txt"),
                                          ComparisonToText(runs, missing)));
  const std::string json = ComparisonToJson(runs, missing);
  NAP_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/comparison.json"), json));
  return WriteComparisonReport(json, absl::StrCat(folder, "/report.html"));
}

}  // namespace nap
