#include "nap/report/page/run_report.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/duration.h"
#include "nap/report/front_record.h"
#include "nap/report/page/cells.h"
#include "nap/report/page/front_section.h"
#include "nap/report/page/page.h"
#include "nap/report/page/run_files.h"
#include "nap/report/page/search_history.h"
#include "nap/report/page/search_sections.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

std::string Percent(double share) {
  return std::isfinite(share) ? absl::StrFormat("%.1f %%", 100 * share) : "unknown";
}

// A line's name and where its values are in metrics.jsonl.
struct Measure {
  const char* label;
  const char* key;
};

Chart CurvesOf(const RunFiles& files, const char* title, const char* unit,
               const std::vector<Measure>& measures, double scale = 1) {
  Chart chart;
  chart.title = title;
  chart.x_title = "epoch";
  chart.y_title = unit;
  for (const Json& epoch : files.epochs) {
    chart.x.push_back(absl::StrCat(NumberIn(epoch, run_key::kEpoch)));
  }
  for (const Measure& measure : measures) {
    Series series{measure.label, StyleOf(static_cast<int>(chart.series.size())), {}};
    for (const Json& epoch : files.epochs) {
      series.values.push_back(scale * NumberIn(epoch, measure.key));
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

// A line a cell type.
Chart LivingCurves(const RunFiles& files) {
  Chart chart = CurvesOf(files, "Living operations", "operations", {});
  chart.kind = Chart::Kind::kSteps;
  const Json none = Json::object();
  const auto alive = [&](const Json& epoch) -> const Json& {
    return epoch.contains(run_key::kOperationsAlive) ? epoch[run_key::kOperationsAlive] : none;
  };
  for (const auto& [cell, count] : alive(files.epochs.front()).items()) {
    const int index = static_cast<int>(chart.series.size());
    Series series{CellTitle(cell), StyleOf(index), {}};
    series.style.dash = index % 3;  // the lines may lie on each other
    for (const Json& epoch : files.epochs) {
      series.values.push_back(NumberIn(alive(epoch), cell.c_str()));
    }
    chart.series.push_back(std::move(series));
  }
  chart.y_min = 0;
  return chart;
}

// Epochs but for the line of what was pruned before the first.
int64_t NumTrained(const RunFiles& files) {
  return std::count_if(files.epochs.begin(), files.epochs.end(),
                       [](const Json& epoch) { return NumberIn(epoch, run_key::kEpoch) > 0; });
}

void AddCurves(const RunFiles& files, Page* page) {
  if (NumTrained(files) == 0) {
    page->AddSection("Curves",
                     FlagIn(files.config, "epochs") == "0" ? "Nothing is trained in this run."
                                                           : "No epoch has ended yet.",
                     "");
    return;
  }
  std::vector<Chart> charts;
  if (files.is_search) {
    charts.push_back(CurvesOf(files, "Loss", "cross entropy (nats)",
                              {{"train", run_key::kTrainLoss},
                               {"validation", run_key::kValidLoss},
                               {"strengths", run_key::kStrengthLoss}}));
    // Before strengths are trained their loss is written as 0.
    for (double& value : charts.back().series.back().values) {
      if (value == 0) value = std::numeric_limits<double>::quiet_NaN();
    }
    charts.push_back(CurvesOf(
        files, "Accuracy", "accuracy (%)",
        {{"train", run_key::kTrainAccuracy}, {"validation", run_key::kValidAccuracy}}, 100));
    charts.push_back(LivingCurves(files));
  } else {
    charts.push_back(CurvesOf(files, "Loss", "cross entropy (nats)",
                              {{"train", run_key::kTrainLoss}, {"test", run_key::kTestLoss}}));
    charts.push_back(CurvesOf(files, "Accuracy", "accuracy (%)",
                              {{"train", run_key::kTrainAccuracy},
                               {"test", run_key::kTestAccuracy},
                               {"test, top 5", run_key::kTestTop5Accuracy}},
                              100));
    charts.push_back(CurvesOf(files, "Learning rate", "learning rate",
                              {{"learning rate", run_key::kLearningRate}}));
    charts.back().y_min = 0;
  }
  charts.push_back(CurvesOf(files, "Time", "seconds an epoch", {{"time", run_key::kSeconds}}));
  charts.back().y_min = 0;
  std::vector<std::string> places;
  for (const Chart& chart : charts) places.push_back(page->Place(chart));
  page->AddSection(
      "Curves",
      files.is_search
          ? "After each epoch. The validation part trains the strengths, the train part the "
            "weights."
          : "After each epoch. Losses and accuracies of training are those of the images as they "
            "are augmented, cut and mixed, with drop path: they may lie below those of the test.",
      Page::Grid(places));
}

void AddTable(const char* title, const char* explanation, const Json& object, Page* page) {
  if (!object.is_object()) return;
  Table table;
  for (const auto& [key, value] : object.items()) {
    table.rows.push_back(
        {Escaped(key), Escaped(value.is_string() ? value.get<std::string>() : JsonText(value))});
  }
  page->AddSection(title, explanation, TableMarkup(table));
}

std::vector<Tile> Tiles(const RunFiles& files, const SearchHistory& history) {
  std::vector<Tile> tiles;
  const Json none = Json::object();
  const Json& last = files.epochs.empty() ? none : files.epochs.back();
  const char* const key = files.is_search ? run_key::kValidAccuracy : run_key::kTestAccuracy;
  double best = -1, best_epoch = 0, seconds = 0;
  for (const Json& epoch : files.epochs) {
    seconds += NumberIn(epoch, run_key::kSeconds);
    if (!(NumberIn(epoch, key) > best)) continue;  // nor if it is not a number
    best = NumberIn(epoch, key);
    best_epoch = NumberIn(epoch, run_key::kEpoch);
  }
  if (files.epochs.empty() || NumTrained(files) > 0) {
    tiles.push_back(
        {files.is_search ? "Validation accuracy" : "Test accuracy", Percent(NumberIn(last, key)),
         best < 0 ? "" : absl::StrCat("best ", Percent(best), " after epoch ", best_epoch)});
  }
  if (!files.is_search) {
    tiles.push_back({"Top-5 accuracy", Percent(NumberIn(last, run_key::kTestTop5Accuracy)), ""});
  }
  for (const CellHistory& cell : history.cells) {
    const int skips = [&] {
      int count = 0;
      for (const EdgeHistory& edge : cell.edges) {
        for (size_t i = 0; i < history.operations.size(); ++i) {
          if (history.operations[i] == "skip_connect" && edge.operations[i].Lives()) ++count;
        }
      }
      return count;
    }();
    tiles.push_back({absl::StrCat("Operations, ", CellTitle(cell.name)),
                     absl::StrCat(NumLiving(history, cell)),
                     absl::StrCat(skips, skips == 1 ? " skip-connection" : " skip-connections")});
  }
  const std::string epochs = FlagIn(files.config, "epochs");
  const bool trains = epochs != "0";
  if (trains) {
    tiles.push_back({"Epochs", absl::StrCat(NumTrained(files)),
                     epochs.empty() ? "" : absl::StrCat("of ", epochs)});
  }
  tiles.push_back(
      {"Time", FormatDuration(std::isfinite(seconds) ? seconds : 0), trains ? "in epochs" : ""});
  const double memory = NumberIn(last, run_key::kPeakMemoryBytes);
  if (std::isfinite(memory)) {
    const double of_gpus = NumberIn(last, run_key::kPeakGpuMemoryBytes);
    tiles.push_back(
        {"Peak memory", absl::StrFormat("%.2f GB", memory / 1e9),
         of_gpus > 0 ? absl::StrFormat("and %.2f GB of the GPU's", of_gpus / 1e9) : ""});
  }
  return tiles;
}

std::string CellsMarkup(const Genotype& genotype) {
  std::string markup = absl::StrCat(LegendOfOperations(OperationsOf(genotype)),
                                    Page::Grid(DrawCells({genotype}).front()));
  return markup;
}

}  // namespace

absl::Status RunReport::Write() {
  NAP_ASSIGN_OR_RETURN(const RunFiles files, ReadRunFiles(run_folder_));
  NAP_ASSIGN_OR_RETURN(const std::optional<FrontRecord> front, ReadFront(run_folder_));
  if (!cells_.has_value() && (!files.is_search || files.is_finished)) {
    const std::optional<Genotype> genotype = FindGenotypeOfRun(run_folder_, files.config);
    if (genotype.has_value()) cells_ = CellsMarkup(*genotype);
  }
  try {
    const SearchHistory history = ReadSearchHistory(files.strengths);
    const auto folder = std::filesystem::path(run_folder_ + "/").lexically_normal();
    Page page(absl::StrCat(files.config.value(run_key::kExperiment, "run"), ": ",
                           folder.parent_path().filename().string()),
              files.is_finished
                  ? "A finished run."
                  : "A run that goes on or was interrupted; load the page again to see more.");
    page.AddTiles(Tiles(files, history));
    AddCurves(files, &page);
    if (front.has_value()) AddFrontSection(*front, &page);
    if (cells_.has_value()) {
      page.AddSection(
          files.is_search ? "The cells that were found" : "The cells",
          "Boxes are nodes, c_{k-1} the output of the cell before, c_{k-2} of the one "
          "before that; a node sums what its edges bring. Colour and dashes of an edge say its "
          "operation, as everywhere on this page.",
          *cells_);
    }
    AddSearchSections(history, &page);
    AddTable("Configuration", "Every flag with its value.",
             files.config.value(run_key::kFlags, Json()), &page);
    Json environment = Json::object();
    for (const char* key : {run_key::kVersions, run_key::kMachine}) {
      if (files.config.contains(key)) environment.update(files.config[key]);
    }
    AddTable("Environment", "Versions and the machine.", environment, &page);
    return WriteFileAtomically(absl::StrCat(run_folder_, "/", run_file::kReport), page.Html());
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(absl::StrCat(
        run_folder_,
        "/strengths.jsonl, metrics.jsonl or config.json is not what a run writes: ", error.what()));
  }
}

void RunReport::Update() {
  const absl::Status written = Write();
  if (written.ok() || has_warned_) return;
  has_warned_ = true;
  LOG(WARNING) << "no report.html: " << written.message();
}

}  // namespace nap
