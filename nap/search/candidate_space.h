#ifndef NAP_SEARCH_CANDIDATE_SPACE_H_
#define NAP_SEARCH_CANDIDATE_SPACE_H_

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/search_space/search_space.h"

namespace nap {

// The search space's cells with these operations on every edge, or with its own if there are none.
// InvalidArgument for a name that is unknown or given twice, and if only zero operations are left.
absl::StatusOr<CandidateSpace> MakeCandidateSpace(const SearchSpace& search_space,
                                                  const std::vector<std::string>& operations);

}  // namespace nap

#endif  // NAP_SEARCH_CANDIDATE_SPACE_H_
