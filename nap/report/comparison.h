// The result of a comparison of search methods, as tables.
#ifndef NAP_REPORT_COMPARISON_H_
#define NAP_REPORT_COMPARISON_H_

#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nap/report/compared_run.h"

namespace nap {

// A search, with the training of what it finds, that has not ended.
struct MissingRun {
  std::string method;
  uint64_t seed;
  std::string state;  // for people: "not begun", "stopped", "running (process 12 on node3)"
};

struct MissingRuns {
  std::vector<MissingRun> runs;
  std::string command;  // that goes on with them; empty: nobody knows
};

// Methods come in the order in which their first runs do. Only what the arguments say goes in, so
// the same runs always make the same text. The format is docs/comparing_methods.md's.
std::string ComparisonToJson(const std::vector<ComparedRun>& runs, const MissingRuns& missing = {});

// What such a text says is missing: nothing, too, if it is none.
MissingRuns MissingInJson(const std::string& json_text);

// What is missing, a table of the methods' means, one of their differences, one of the runs.
std::string ComparisonToText(const std::vector<ComparedRun>& runs, const MissingRuns& missing = {});

// comparison.txt, comparison.json and its page report.html in this folder.
absl::Status WriteComparison(const std::vector<ComparedRun>& runs, const MissingRuns& missing,
                             const std::string& folder);

}  // namespace nap

#endif  // NAP_REPORT_COMPARISON_H_
