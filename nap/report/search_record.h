// What a search writes into its run folder.
#ifndef NAP_REPORT_SEARCH_RECORD_H_
#define NAP_REPORT_SEARCH_RECORD_H_

#include <absl/status/status.h>

#include <string>

#include "nap/architecture/candidates.h"
#include "nap/report/accuracy_table.h"
#include "nap/report/run_folder.h"
#include "nap/search/search_report.h"
#include "nap/search_space/search_space.h"

namespace nap {

RunKind SearchRun(const std::string& experiment);

// A line in metrics.jsonl.
absl::Status WriteStep(const SearchStepReport& report, RunFolder* folder);

// A line in metrics.jsonl and one in strengths.jsonl. `table`, if there is one, judges what the
// search would give now, which must be of the table's search space.
absl::Status WriteEpoch(const SearchEpochReport& report, const SearchSpace& search_space,
                        const CandidateSpace& space, RunFolder* folder,
                        const AccuracyTable* table = nullptr);

// genotype.txt (SearchSpace::ToText) and genotype.dot, genotype.svg too where Graphviz is
// installed, and genotype.json, with which the run is finished.
absl::Status WriteGenotype(const Genotype& genotype, const SearchSpace& search_space,
                           RunFolder* folder);

}  // namespace nap

#endif  // NAP_REPORT_SEARCH_RECORD_H_
