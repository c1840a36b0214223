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

namespace nap {

class RunFolder {
 public:
  // Creates the folder and writes config.json. AlreadyExists if a run is there already.
  // `flags`: every flag of the program with its value.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Create(
      const std::string& path, const std::string& experiment,
      const std::map<std::string, std::string>& flags);

  // A line in metrics.jsonl.
  absl::Status WriteStep(const StepReport& report);

  // A line in metrics.jsonl and one in strengths.jsonl.
  absl::Status WriteEpoch(const EpochReport& report, const CandidateSpace& space);

  // genotype.json, genotype.txt and genotype.dot; genotype.svg too where Graphviz is installed.
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
