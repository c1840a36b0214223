#include "nap/pruning/criterion.h"

#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<std::unique_ptr<PruningCriterion>> MakeCriterion(const std::string& criterion,
                                                                const CandidateSpace& space,
                                                                bool trained) {
  const auto [name, text] = SplitName(criterion);
  NAP_ASSIGN_OR_RETURN(const auto* definition, PruningCriterionRegistry::Global().Find(name));
  const absl::StatusOr<ParameterValues> parameters = ReadParameters(definition->parameters, text);
  if (!parameters.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--criterion=", criterion, ": ", parameters.status().message()));
  }
  absl::StatusOr<std::unique_ptr<PruningCriterion>> made = definition->make(space, *parameters);
  if (!made.ok()) {
    return absl::Status(made.status().code(),
                        absl::StrCat("--criterion=", criterion, ": ", made.status().message()));
  }
  if (!trained && !(*made)->works_before_training()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--prune_begin=0 prunes before anything is trained, when --criterion=", name,
                     " has nothing to go by; let --prune_begin be an epoch, up to --epochs"));
  }
  return made;
}

}  // namespace nap
