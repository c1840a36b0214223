// Makes the page of a run, or of a comparison, again.
#include <absl/strings/str_cat.h>
#include <gflags/gflags.h>

#include <cstdio>
#include <string>

#include "nap/base/files.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/report/page/comparison_report.h"
#include "nap/report/page/run_report.h"

DEFINE_string(run, "", "run folder of a search or a training; its report.html is written");
DEFINE_string(comparison, "",
              "folder of a comparison; its report.html is written from its comparison.json");

namespace nap {
namespace {

absl::Status Main() {
  if (FLAGS_run.empty() == FLAGS_comparison.empty()) {
    return absl::InvalidArgumentError(
        "which page? Give either --run or --comparison, a folder that a program wrote");
  }
  const std::string folder = FLAGS_run.empty() ? FLAGS_comparison : FLAGS_run;
  const std::string page = absl::StrCat(folder, "/report.html");
  if (!FLAGS_run.empty()) {
    NAP_RETURN_IF_ERROR(RunReport(folder).Write());
  } else {
    NAP_ASSIGN_OR_RETURN(const std::string json, ReadFile(folder + "/comparison.json"));
    NAP_RETURN_IF_ERROR(WriteComparisonReport(json, page));
  }
  std::printf("Written: %s\n", page.c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  return nap::RunProgram(
      argc, argv,
      {"report", "makes the page of a run or of a comparison from the files in its folder",
       __FILE__},
      nap::Main);
}
