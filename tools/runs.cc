// Lists runs and makes a page of them, on which they can be compared.
#include <absl/strings/str_cat.h>
#include <gflags/gflags.h>

#include <cstdio>
#include <string>
#include <vector>

#include "nap/base/files.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/report/page/run_summary.h"
#include "nap/report/page/runs_overview.h"

DEFINE_string(runs, "runs",
              "folder with the run folders of searches, trainings and comparisons, at any depth up "
              "to six; its index.html is written");

namespace nap {
namespace {

absl::Status Main() {
  NAP_ASSIGN_OR_RETURN(const std::vector<RunSummary> runs, SummarizeRuns(FLAGS_runs));
  if (runs.empty()) {
    return absl::NotFoundError(absl::StrCat("no run is in ", FLAGS_runs,
                                            "; --runs names the folder of runs, whose folders each "
                                            "have a config.json and a metrics.jsonl"));
  }
  std::printf("%s", RunsToText(runs).c_str());
  const std::string page = absl::StrCat(FLAGS_runs, "/index.html");
  NAP_RETURN_IF_ERROR(WriteFileAtomically(page, RunsToHtml(runs, FLAGS_runs)));
  std::printf("Written: %s\n", page.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  return nap::RunProgram(
      argc, argv,
      {"runs", "lists the runs in a folder and makes a page on which they can be compared",
       __FILE__},
      nap::Main);
}
