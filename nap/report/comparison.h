// The result of a comparison of search methods, as tables.
#ifndef NAP_REPORT_COMPARISON_H_
#define NAP_REPORT_COMPARISON_H_

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "nap/report/compared_run.h"

namespace nap {

// Methods come in the order in which their first runs do. Only what the runs say goes in, so the
// same runs always make the same text. The format is docs/comparing_methods.md's.
std::string ComparisonToJson(const std::vector<ComparedRun>& runs);

// A table of the methods' means, one of their differences, one of the runs.
std::string ComparisonToText(const std::vector<ComparedRun>& runs);

// comparison.txt, comparison.json and its page report.html in this folder.
absl::Status WriteComparison(const std::vector<ComparedRun>& runs, const std::string& folder);

}  // namespace nap

#endif  // NAP_REPORT_COMPARISON_H_
