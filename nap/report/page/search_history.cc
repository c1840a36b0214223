#include "nap/report/page/search_history.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "nap/report/run_schema.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// By target, then source, which is the order of a cell's edges.
using Ends = std::pair<int, int>;

std::map<std::string, std::set<Ends>> EdgesOf(const Json& line) {
  std::map<std::string, std::set<Ends>> edges;
  for (const char* key : {run_key::kLiving, run_key::kPruned}) {
    for (const Json& named : line.at(key)) {
      edges[named.at(0)].insert({named.at(2).get<int>(), named.at(1).get<int>()});
    }
  }
  return edges;
}

// A strength that is not finite is written as null.
double ValueOf(const Json& json) { return json.is_null() ? kNone : json.get<double>(); }

// Calls visit(operation's history, operation's index) for each that is named in the list.
template <typename Visit>
void ForNamed(const Json& list, SearchHistory* history, Visit visit) {
  for (const Json& named : list) {
    for (CellHistory& cell : history->cells) {
      if (cell.name != named.at(0)) continue;
      for (EdgeHistory& edge : cell.edges) {
        if (edge.source != named.at(1) || edge.target != named.at(2)) continue;
        for (size_t i = 0; i < history->operations.size(); ++i) {
          if (history->operations[i] == named.at(3)) visit(edge.operations[i], i);
        }
      }
    }
  }
}

void ReadSamples(const Json& scoring, SearchHistory* history) {
  std::vector<std::string>& names = history->score_names;
  for (const Json& sample : scoring.value(run_key::kSamples, Json::array())) {
    SampleHistory read{history->scorings.size() - 1, sample.at(run_key::kArchitecture), {}};
    for (const auto& [name, score] : sample.at(run_key::kScores).items()) {
      const size_t column = std::find(names.begin(), names.end(), name) - names.begin();
      if (column == names.size()) names.push_back(name);
      read.scores.resize(std::max(read.scores.size(), column + 1), kNone);
      read.scores[column] = ValueOf(score);
    }
    history->samples.push_back(std::move(read));
  }
}

// Of the line that was read last, whose mixing weights were those before anything went.
void ReadScorings(const Json& line, SearchHistory* history) {
  for (const Json& scoring : line.value(run_key::kScorings, Json::array())) {
    if (scoring.at(run_key::kScoring).get<int>() > 1) history->scorings_are_epochs = false;
    history->scorings.push_back(absl::StrCat(line.at(run_key::kEpoch).get<int>()));
    ReadSamples(scoring, history);
    for (CellHistory& cell : history->cells) {
      const Json& scores = scoring.at(run_key::kScores).at(cell.name);
      for (size_t e = 0; e < cell.edges.size(); ++e) {
        for (size_t i = 0; i < history->operations.size(); ++i) {
          OperationHistory& operation = cell.edges[e].operations[i];
          operation.scores.push_back(ValueOf(scores.at(e).at(i)));
          const double score = operation.scores.back();
          if (std::isfinite(score) && score != std::abs(operation.mixing_weights.back())) {
            history->scores_are_weights = false;
          }
        }
      }
    }
  }
}

}  // namespace

SearchHistory ReadSearchHistory(const std::vector<Json>& lines) {
  SearchHistory history;
  if (lines.empty()) return history;
  // Its living and pruned operations name every edge.
  const Json& first = lines.front();
  history.operations = first.at(run_key::kOperations).get<std::vector<std::string>>();
  auto ends = EdgesOf(first);
  for (const auto& [name, rows] : first.at(run_key::kStrengths).items()) {
    CellHistory cell{name, {}};
    for (const auto& [target, source] : ends[name]) {
      cell.edges.push_back({source, target, {}});
      cell.edges.back().operations.resize(history.operations.size());
    }
    history.cells.push_back(std::move(cell));
  }
  for (const Json& line : lines) {
    const int epoch = line.at(run_key::kEpoch).get<int>();
    history.epochs.push_back(epoch);
    ForNamed(line.at(run_key::kPruned), &history,
             [epoch](OperationHistory& operation, size_t) { operation.pruned = epoch; });
    for (const Json& removal : line.value(run_key::kRemovals, Json::array())) {
      const Json& named = removal.at(run_key::kOperation);
      history.removals.push_back({epoch, removal.at(run_key::kScoring), named.at(0), named.at(3),
                                  named.at(1), named.at(2), ValueOf(removal.at(run_key::kScore)),
                                  ValueOf(removal.at(run_key::kNext))});
    }
    for (CellHistory& cell : history.cells) {
      const Json& strengths = line.at(run_key::kStrengths).at(cell.name);
      const Json& weights = line.at(run_key::kMixingWeights).at(cell.name);
      for (size_t e = 0; e < cell.edges.size(); ++e) {
        for (size_t i = 0; i < history.operations.size(); ++i) {
          OperationHistory& operation = cell.edges[e].operations[i];
          const double strength = ValueOf(strengths.at(e).at(i));
          const double weight = ValueOf(weights.at(e).at(i));
          operation.strengths.push_back(strength);
          operation.mixing_weights.push_back(weight);
          // What is pruned weighs nothing.
          if (operation.Lives() && strength != weight) history.mixes_by_strengths = false;
        }
      }
    }
    ReadScorings(line, &history);
  }
  for (SampleHistory& sample : history.samples) {
    sample.scores.resize(history.score_names.size(), kNone);
  }
  for (size_t i = 0; i < history.scorings.size() && !history.scorings_are_epochs; ++i) {
    history.scorings[i] = absl::StrCat(i + 1);
  }
  // Whatever counts either lives after the first epoch or was pruned in it, on every edge.
  size_t num_edges = 0;
  for (const CellHistory& cell : history.cells) num_edges += cell.edges.size();
  std::vector<size_t> named(history.operations.size());
  for (const char* key : {run_key::kLiving, run_key::kPruned}) {
    ForNamed(first.at(key), &history, [&](OperationHistory&, size_t i) { ++named[i]; });
  }
  for (size_t count : named) history.is_zero.push_back(count < num_edges);
  return history;
}

}  // namespace nap
