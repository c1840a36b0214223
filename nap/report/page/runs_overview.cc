#include "nap/report/page/runs_overview.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "nap/report/duration.h"
#include "nap/report/page/assets.h"
#include "nap/report/page/page.h"
#include "nap/report/run_schema.h"
#include "nap/report/text_table.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// What a table says of a run.
struct Cell {
  std::string text;  // empty: not known
  Json key;          // what rows are sorted by: a text, or a number; null: not known
};

Cell TextCell(const std::string& text) { return {text, text.empty() ? Json() : Json(text)}; }

// `text`: of the number. Of one that is not known, nothing.
Cell NumberCell(double number, const std::string& text) {
  if (!std::isfinite(number)) return {};
  return {text, Json(number)};
}

Cell FixedCell(double number, int digits) {
  return NumberCell(number, absl::StrFormat("%.*f", digits, number));
}

std::string TimeText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixSeconds(seconds), absl::LocalTimeZone());
}

struct Column {
  const char* title;
  Cell (*cell)(const RunSummary&);
};

bool IsRead(const RunSummary& run) { return run.state != RunSummary::State::kDamaged; }

// A search may train nothing.
std::string EpochsText(const RunSummary& run) {
  if (run.wanted_epochs == "0") return "none";
  return run.wanted_epochs.empty() ? absl::StrCat(run.epochs)
                                   : absl::StrCat(run.epochs, " of ", run.wanted_epochs);
}

const Column kColumns[] = {
    {"run", [](const RunSummary& run) { return TextCell(run.name); }},
    {"program", [](const RunSummary& run) { return TextCell(run.program); }},
    {"state", [](const RunSummary& run) { return TextCell(StateName(run.state)); }},
    {"epochs",
     [](const RunSummary& run) {
       return NumberCell(IsRead(run) ? static_cast<double>(run.epochs) : kNone, EpochsText(run));
     }},
    {"accuracy (%)", [](const RunSummary& run) { return FixedCell(100 * run.last_accuracy, 2); }},
    {"best (%)", [](const RunSummary& run) { return FixedCell(100 * run.best_accuracy, 2); }},
    {"parameters (M)",
     [](const RunSummary& run) {
       return FixedCell(
           run.parameters.has_value() ? 1e-6 * static_cast<double>(*run.parameters) : kNone, 3);
     }},
    {"time in epochs",
     [](const RunSummary& run) {
       return NumberCell(IsRead(run) ? run.seconds : kNone, FormatDuration(run.seconds));
     }},
    {"last written",
     [](const RunSummary& run) {
       return NumberCell(run.written > 0 ? static_cast<double>(run.written) : kNone,
                         TimeText(run.written));
     }},
};

// A relative path, of any bytes, as a link.
std::string LinkTo(const std::string& path) {
  std::string link = "./";  // lest a colon make a scheme of what is before it
  for (const char byte : path) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
        absl::string_view("-._~/").find(byte) != absl::string_view::npos) {
      link += byte;
    } else {
      absl::StrAppendFormat(&link, "%%%02X", static_cast<unsigned char>(byte));
    }
  }
  return link;
}

// "3 runs: 2 finished, 1 interrupted".
std::string Counts(const std::vector<RunSummary>& runs) {
  std::map<RunSummary::State, int> counts;
  for (const RunSummary& run : runs) ++counts[run.state];
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts) {
    parts.push_back(absl::StrCat(count, " ", StateName(state)));
  }
  return absl::StrCat(runs.size(),
                      runs.size() == 1 ? " run: " : " runs: ", absl::StrJoin(parts, ", "));
}

// In which runs differ: {"name": ..., "values": its values, "of": of each run the index of its
// value, null where it has none}.
Json FlagsOf(const std::vector<RunSummary>& runs) {
  std::set<std::string> names;
  for (const RunSummary& run : runs) {
    for (const auto& [name, value] : run.flags) names.insert(name);
  }
  names.erase("out_dir");  // the run's name says it
  Json flags = Json::array();
  for (const std::string& name : names) {
    std::vector<std::string> values;
    Json of = Json::array();
    for (const RunSummary& run : runs) {
      const auto found = run.flags.find(name);
      if (found == run.flags.end()) {
        of.push_back(nullptr);
        continue;
      }
      const auto same = std::find(values.begin(), values.end(), found->second);
      of.push_back(same - values.begin());
      if (same == values.end()) values.push_back(found->second);
    }
    const bool is_equal =
        std::adjacent_find(of.begin(), of.end(), std::not_equal_to<>()) == of.end();
    if (!is_equal) flags.push_back({{"name", name}, {"values", values}, {"of", of}});
  }
  return flags;
}

// Percent, with as many digits as the table's.
Json AccuraciesOf(const RunSummary& run) {
  Json accuracies = Json::array();
  for (const double accuracy : run.accuracies) {
    accuracies.push_back(std::isfinite(accuracy) ? Json(std::round(1e4 * accuracy) / 100) : Json());
  }
  return accuracies;
}

// For runs.js.
Json DataOf(const std::vector<RunSummary>& runs) {
  Json all = Json::array();
  for (const RunSummary& run : runs) {
    Json keys = Json::array();
    for (const Column& column : kColumns) keys.push_back(column.cell(run).key);
    all.push_back({{"keys", keys},
                   {"part", run.is_search ? "validation" : "test"},
                   {"accuracies", AccuraciesOf(run)}});
  }
  return {{"runs", all}, {"flags", FlagsOf(runs)}};
}

// What runs.js fills; without it nothing of this is seen.
constexpr char kControls[] =
    "<div id=\"controls\" class=\"sticky\" hidden>\n"
    "<label>Name contains <input id=\"filter\" type=\"search\" autocomplete=\"off\"></label>\n"
    "<p id=\"shown\" aria-live=\"polite\"></p>\n<p id=\"chosen\" "
    "aria-live=\"polite\"></p>\n</div>\n";

constexpr char kComparison[] =
    "<section id=\"comparison\" hidden>\n<h2>Two runs compared</h2>\n"
    "<figure id=\"curves\" class=\"chart\"><figcaption>Accuracy by epoch</figcaption>"
    "<div><canvas role=\"img\" aria-label=\"Accuracy by epoch\"></canvas></div></figure>\n"
    "<p id=\"equal\">All flags are equal.</p>\n"
    "<div class=\"scroll\"><table id=\"flags\"><thead><tr><th scope=\"col\">flag that differs</th>"
    "<th scope=\"col\"></th><th scope=\"col\"></th></tr></thead><tbody></tbody></table></div>\n"
    "</section>\n";

}  // namespace

std::string RunsToText(const std::vector<RunSummary>& runs) {
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : kColumns) rows.front().push_back(column.title);
  std::string problems;
  bool has_supernet = false;
  for (const RunSummary& run : runs) {
    has_supernet = has_supernet || (run.is_search && run.parameters.has_value());
    rows.emplace_back();
    for (const Column& column : kColumns) {
      const std::string text = column.cell(run).text;
      rows.back().push_back(text.empty() ? "-" : text);
    }
    if (!run.problem.empty()) absl::StrAppend(&problems, run.name, ": ", run.problem, "\n");
  }
  return absl::StrCat(TextTable(rows), Counts(runs), "\n",
                      has_supernet ? "A search's parameters are those of its supernet.\n" : "",
                      problems);
}

std::string RunsToHtml(const std::vector<RunSummary>& runs, const std::string& folder) {
  Table table, problems;
  for (const Column& column : kColumns) table.header.push_back(column.title);
  for (const RunSummary& run : runs) {
    table.rows.emplace_back();
    for (const Column& column : kColumns) {
      const std::string text = column.cell(run).text;
      table.rows.back().push_back(text.empty() ? "–" : Escaped(text));
    }
    std::string& name = table.rows.back().front();
    if (run.has_page) {
      name = absl::StrCat("<a href=\"", LinkTo(absl::StrCat(run.name, "/", run_file::kReport)),
                          "\">", name, "</a>");
    }
    if (!run.problem.empty()) problems.rows.push_back({Escaped(run.name), Escaped(run.problem)});
  }
  const auto path = std::filesystem::path(folder + "/").lexically_normal();
  Page page(absl::StrCat("Runs in ", path.parent_path().string()), Counts(runs));
  page.AddSection(
      "Runs",
      "As they were when this page was written. Accuracies are after the last epoch and "
      "the best of all, those of a search on its validation part, those of a training on "
      "the test part. A search may train nothing: then it has no epochs. Parameters are those of a "
      "search's supernet, and of the network "
      "that a training trains.",
      absl::StrCat(kControls, "<div id=\"runs\">", TableMarkup(table), "</div>\n", kComparison));
  if (!problems.rows.empty()) {
    page.AddSection("What is wrong", "",
                    absl::StrCat("<div id=\"problems\">", TableMarkup(problems), "</div>\n"));
  }
  page.AddBehaviour(kRunsStyle, kRunsScript, DataOf(runs));
  return page.Html();
}

}  // namespace nap
