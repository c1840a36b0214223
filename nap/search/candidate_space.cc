#include "nap/search/candidate_space.h"

#include <absl/strings/str_cat.h>

#include <set>

#include "nap/base/plugin_hint.h"
#include "ops/operation.h"

namespace nap {

absl::StatusOr<CandidateSpace> MakeCandidateSpace(const SearchSpace& search_space,
                                                  const std::vector<std::string>& wanted) {
  CandidateSpace space{search_space.cell_types(), {}};
  std::set<std::string> seen;
  bool has_real = false;
  for (const std::string& name : wanted.empty() ? search_space.operations() : wanted) {
    const absl::StatusOr<const OperationDefinition*> definition =
        OperationRegistry::Global().Find(name);
    if (!definition.ok()) {
      return absl::Status(definition.status().code(),
                          absl::StrCat(definition.status().message(), kPluginHint));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("the operation '", name, "' is named twice among the candidates"));
    }
    has_real |= !(*definition)->is_zero;
    space.operations.push_back({name, (*definition)->is_zero});
  }
  if (!has_real) {
    return absl::InvalidArgumentError("no candidate operation is left beside the zero operation");
  }
  return space;
}

}  // namespace nap
