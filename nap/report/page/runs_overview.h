// The runs below a folder as a table, on a terminal and as a page.
#ifndef NAP_REPORT_PAGE_RUNS_OVERVIEW_H_
#define NAP_REPORT_PAGE_RUNS_OVERVIEW_H_

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "nap/report/page/run_summary.h"

namespace nap {

// A row a run, and a line for whatever is wrong with one.
std::string RunsToText(const std::vector<RunSummary>& runs);

// The same as a page with links to the runs' own, relative to `folder`, where they were found.
std::string RunsToHtml(const std::vector<RunSummary>& runs, const std::string& folder);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_RUNS_OVERVIEW_H_
