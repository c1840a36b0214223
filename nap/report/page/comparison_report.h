// The page that sets search methods beside each other.
#ifndef NAP_REPORT_PAGE_COMPARISON_REPORT_H_
#define NAP_REPORT_PAGE_COMPARISON_REPORT_H_

#include <absl/status/status.h>

#include <string>

namespace nap {

// Writes the page of a comparison.json to `path`. The text is one JSON object:
//   {"settings": {string: string, ...},
//    "methods": [{"name": "nap", "accuracy_mean": 0.71, "accuracy_spread": 0.01,
//                 "runs": [{"seed": 0, "test_accuracy": 0.71, "rank": 12, "skip_connections": 2,
//                           "distinct_operations": 4, "depth": 3, "parameters": 123456,
//                           "mult_adds": 12345678, "search_seconds": 321.5,
//                           "search_peak_memory_bytes": 123456789,
//                           "skip_connections_by_epoch": [4.1, ...],
//                           "genotype": {what genotype.json holds}}]}],
//    "differences": [{"methods": ["nap", "darts"], "mean": 0.012, "low": -0.001, "high": 0.03}],
//    "missing": {"runs": [{"method": "nap", "seed": 1, "state": "stopped"}], "command": "..."}}
// Methods need no runs yet; a number that is missing or null is left out. InvalidArgument if the
// text is something else.
absl::Status WriteComparisonReport(const std::string& json_text, const std::string& path);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_COMPARISON_REPORT_H_
