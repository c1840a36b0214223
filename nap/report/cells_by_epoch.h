// What a search would have found, had it ended earlier.
#ifndef NAP_REPORT_CELLS_BY_EPOCH_H_
#define NAP_REPORT_CELLS_BY_EPOCH_H_

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/pruning/pruner.h"

namespace nap {

// For each epoch in `strengths_file` (strengths.jsonl) the search space's first cell as it would be
// if what lives after the epoch were pruned at once to `budget` by |mixing weight|, whatever
// criterion the search itself pruned by. DataLoss that names the file and the line, InvalidArgument
// for an unknown search space or operation.
absl::StatusOr<std::vector<CellGenotype>> CellsByEpoch(const std::string& strengths_file,
                                                       const std::string& search_space,
                                                       const PrunerOptions& budget);

}  // namespace nap

#endif  // NAP_REPORT_CELLS_BY_EPOCH_H_
