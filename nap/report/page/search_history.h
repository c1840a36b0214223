// strengths.jsonl, turned around: what happened to each operation over the epochs.
#ifndef NAP_REPORT_PAGE_SEARCH_HISTORY_H_
#define NAP_REPORT_PAGE_SEARCH_HISTORY_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nap {

struct OperationHistory {
  std::vector<double> strengths;       // one an epoch
  std::vector<double> mixing_weights;  // one an epoch
  int pruned = 0;                      // at the end of that epoch; 0: it lives
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

  // Are the strengths themselves the weights with which operations are mixed?
  bool mixes_by_strengths = true;
};

// `lines` of strengths.jsonl. Throws nlohmann::json::exception if they are not what a search
// writes.
SearchHistory ReadSearchHistory(const std::vector<nlohmann::ordered_json>& lines);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_SEARCH_HISTORY_H_
