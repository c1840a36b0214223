// The flags of a search.
#ifndef EXPERIMENTS_SEARCH_FLAGS_H_
#define EXPERIMENTS_SEARCH_FLAGS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gflags/gflags.h>

#include <memory>

#include "data/dataset.h"
#include "experiments/run.h"
#include "nap/base/program.h"
#include "nap/report/accuracy_table.h"
#include "nap/search/search_options.h"
#include "nap/search_space/search_space.h"

DECLARE_int32(final_channels);
DECLARE_int32(final_cells);

namespace nap {

// Everything of a program that searches, with the flags of data_flags.h and run_flags.h.
ProgramOptions SearchProgramOptions(const RunKind& kind);

// InvalidArgument that names the flag that is out of range, or those that contradict each other.
absl::Status CheckSearchFlags();

// After CheckSearchFlags. Device, processes and final network are left to the caller.
absl::StatusOr<SearchOptions> SearchOptionsFromFlags();

absl::StatusOr<std::unique_ptr<Dataset>> OpenSearchedImages();

absl::StatusOr<FinalNetwork> FinalNetworkFromFlags(const SearchSpace& space, const Dataset& images);

// What --nas_bench_201_table names; null if the flag is not given.
absl::StatusOr<std::unique_ptr<const AccuracyTable>> ReadTableFromFlags(const SearchSpace& space);

}  // namespace nap

#endif  // EXPERIMENTS_SEARCH_FLAGS_H_
