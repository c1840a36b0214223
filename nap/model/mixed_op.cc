#include "nap/model/mixed_op.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace nap {
namespace {

std::string ModuleName(int operation) { return absl::StrCat("op", operation); }

}  // namespace

MixedOp::MixedOp(const std::vector<std::string>& operations, int64_t channels, int64_t stride,
                 bool batch_norms)
    : batch_norms_(batch_norms) {
  for (int i = 0; i < static_cast<int>(operations.size()); ++i) {
    const auto definition = OperationRegistry::Global().Find(operations[i]);
    CHECK(definition.ok()) << definition.status().message();
    if ((*definition)->is_zero) continue;
    living_.push_back(
        {i, register_module(ModuleName(i),
                            (*definition)->make({channels, stride, /*affine=*/false}))});
  }
}

std::vector<CellTerm> MixedOp::Terms(int source, int target, int first_weight,
                                     const Mask& masked) const {
  std::vector<CellTerm> terms;
  for (const Candidate& candidate : living_) {
    if (masked.count(candidate.index) != 0) continue;
    CellTerm term = TermOf(candidate.operation, source, target);
    term.weight = first_weight + candidate.index;
    if (!batch_norms_) term.norms.assign(term.NumParts(), {/*enabled=*/false});
    terms.push_back(std::move(term));
  }
  return terms;
}

void MixedOp::Prune(int operation) {
  const auto found = std::find_if(
      living_.begin(), living_.end(),
      [operation](const Candidate& candidate) { return candidate.index == operation; });
  if (found == living_.end()) return;
  living_.erase(found);
  unregister_module(ModuleName(operation));
}

bool MixedOp::IsAlive(const Mask& masked) const {
  return std::any_of(living_.begin(), living_.end(), [&](const Candidate& candidate) {
    return masked.count(candidate.index) == 0;
  });
}

}  // namespace nap
