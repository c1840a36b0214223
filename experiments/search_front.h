// What is written and said of the front that a search ends with.
#ifndef EXPERIMENTS_SEARCH_FRONT_H_
#define EXPERIMENTS_SEARCH_FRONT_H_

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "nap/report/front_record.h"
#include "nap/search/search_options.h"
#include "nap/search/search_report.h"
#include "nap/search_space/search_space.h"

namespace nap {

// With what the points cost in the final network. NetworkCost's and NetworkLatency's errors.
absl::StatusOr<FrontRecord> MakeFrontRecord(const std::vector<FrontPoint>& points,
                                            const SearchOptions& options, const SearchSpace& space);

// The first after the search's own that is neither the same as another nor dominated; -1: none.
int OtherPointOf(const FrontRecord& record);

// A table, and what its quality is.
std::string FrontText(const FrontRecord& record);

}  // namespace nap

#endif  // EXPERIMENTS_SEARCH_FRONT_H_
