// The files of a run (docs/run_folder.md), written as the search goes.
#ifndef NAP_REPORT_RUN_FOLDER_H_
#define NAP_REPORT_RUN_FOLDER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/base/files.h"
#include "nap/search/searcher.h"
#include "nap/training/checkpoint.h"

namespace nap {

class RunFolder {
 public:
  // Creates the folder and writes config.json. AlreadyExists if a run is there already.
  // `flags`: every flag of the program with its value.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Create(
      const std::string& path, const std::string& experiment,
      const std::map<std::string, std::string>& flags);

  // What Create was given as `flags` by the run that is to be resumed. NotFound if no run is there;
  // FailedPrecondition if it is finished or another experiment's.
  static absl::StatusOr<std::map<std::string, std::string>> ReadFlags(
      const std::string& path, const std::string& experiment);

  // Continues the run that wrote the checkpoint, or begins it anew if there is none (null): lines
  // that were written later are cut off.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Reopen(const std::string& path,
                                                           const Checkpoint* checkpoint);

  // checkpoint.pt, with what Reopen needs; the one before becomes checkpoint.previous.pt.
  absl::Status WriteCheckpoint(Checkpoint checkpoint);

  // A line in metrics.jsonl.
  absl::Status WriteStep(const StepReport& report);

  // A line in metrics.jsonl and one in strengths.jsonl.
  absl::Status WriteEpoch(const EpochReport& report, const CandidateSpace& space);

  // genotype.txt and genotype.dot, genotype.svg too where Graphviz is installed, and genotype.json,
  // with which the run is finished.
  absl::Status WriteGenotype(const Genotype& genotype, const CandidateSpace& space);

  // "<path>/<file>".
  std::string File(absl::string_view file) const;

 private:
  RunFolder(std::string path, LineWriter metrics, LineWriter strengths);

  const std::string path_;
  LineWriter metrics_;
  LineWriter strengths_;
};

}  // namespace nap

#endif  // NAP_REPORT_RUN_FOLDER_H_
