// report.html: the page of a search or a training.
#ifndef NAP_REPORT_PAGE_RUN_REPORT_H_
#define NAP_REPORT_PAGE_RUN_REPORT_H_

#include <absl/status/status.h>

#include <optional>
#include <string>
#include <utility>

namespace nap {

class RunReport {
 public:
  explicit RunReport(std::string run_folder) : run_folder_(std::move(run_folder)) {}

  // Writes report.html into the run folder, from the other files there. NotFound if no run is
  // there, DataLoss that names the file if one is damaged. Call it again when they have changed:
  // what takes long, the drawing of cells, is done once.
  absl::Status Write();

  // For a run that goes on: the same, but a page is not worth ending it for. Warns at most once.
  void Update();

 private:
  const std::string run_folder_;
  std::optional<std::string> cells_;  // the section's content
  bool has_warned_ = false;
};

}  // namespace nap

#endif  // NAP_REPORT_PAGE_RUN_REPORT_H_
