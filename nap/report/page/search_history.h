// strengths.jsonl, turned around: what happened to each operation over the epochs.
#ifndef NAP_REPORT_PAGE_SEARCH_HISTORY_H_
#define NAP_REPORT_PAGE_SEARCH_HISTORY_H_

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nap {

struct OperationHistory {
  std::vector<double> strengths;       // one an epoch
  std::vector<double> mixing_weights;  // one an epoch
  std::vector<double> scores;          // one of each of SearchHistory::scorings; else not a number
  int pruned = kLives;                 // at the end of that epoch; 0: before the first

  static constexpr int kLives = -1;
  bool Lives() const { return pruned == kLives; }
};

// Why an operation went: Removal of nap/search/removal.h.
struct RemovalHistory {
  int epoch;
  int scoring;
  std::string cell, operation;
  int source, target;
  double score;
  double next;  // not a number: none was left
};

// SampledArchitecture of nap/pruning/criterion.h.
struct SampleHistory {
  size_t scoring;  // index into SearchHistory::scorings
  std::string architecture;
  std::vector<double> scores;  // as SearchHistory::score_names; not a number: it was not asked
};

struct EdgeHistory {
  int source;
  int target;
  std::vector<OperationHistory> operations;  // as SearchHistory::operations
};

struct CellHistory {
  std::string name;
  std::vector<EdgeHistory> edges;
};

struct SearchHistory {
  std::vector<int> epochs;
  std::vector<std::string> operations;
  std::vector<bool> is_zero;  // an operation that is never counted as living
  std::vector<CellHistory> cells;
  std::vector<RemovalHistory> removals;  // in order; of older runs none

  // Of all milestones; of older runs none. Named by their epochs if no milestone has two, else by
  // their number in the search.
  std::vector<std::string> scorings;
  bool scorings_are_epochs = true;

  // Of a criterion that compares whole architectures: those, scoring after scoring, the best first.
  std::vector<std::string> score_names;
  std::vector<SampleHistory> samples;

  // Is what the criterion gave just |mixing weight|?
  bool scores_are_weights = true;

  // Are the strengths themselves the weights with which operations are mixed?
  bool mixes_by_strengths = true;
};

// `lines` of strengths.jsonl. Throws nlohmann::json::exception if they are not what a search
// writes.
SearchHistory ReadSearchHistory(const std::vector<nlohmann::ordered_json>& lines);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_SEARCH_HISTORY_H_
