#include "nap/model/mixed_op.h"

#include <ATen/ops/batch_norm.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

namespace nap {
namespace {

constexpr double kEpsilon = 1e-5;

std::string ModuleName(int operation) { return absl::StrCat("op", operation); }

// Scaling inside the batch norm costs nothing, where a product after it would read and write the
// whole tensor once more in each direction.
torch::Tensor NormaliseAndScale(const torch::Tensor& x, const torch::Tensor& weight,
                                int64_t channels) {
  return at::batch_norm(x, weight.expand({channels}).contiguous(), /*bias=*/{},
                        /*running_mean=*/{}, /*running_var=*/{}, /*training=*/true,
                        /*momentum=*/0.0, kEpsilon, /*cudnn_enabled=*/true);
}

}  // namespace

MixedOp::MixedOp(const std::vector<std::string>& operations, int64_t channels, int64_t stride)
    : channels_(channels) {
  for (int i = 0; i < static_cast<int>(operations.size()); ++i) {
    const auto definition = OperationRegistry::Global().Find(operations[i]);
    CHECK(definition.ok()) << definition.status().message();
    if ((*definition)->is_zero) continue;
    living_.push_back(
        {i, register_module(ModuleName(i),
                            (*definition)->make({channels, stride, /*affine=*/false}))});
  }
}

torch::Tensor MixedOp::AddTo(torch::Tensor sum, const torch::Tensor& x,
                             const std::vector<torch::Tensor>& weights) {
  for (const Candidate& candidate : living_) {
    const torch::Tensor term =
        NormaliseAndScale(candidate.operation->Forward(x), weights[candidate.index], channels_);
    // In place is safe: a batch norm's backward pass does not read its output.
    sum = sum.defined() ? sum.add_(term) : term;
  }
  return sum;
}

std::vector<FusedTerm> MixedOp::Terms(int source, int target, int first_weight) const {
  std::vector<FusedTerm> terms;
  for (const Candidate& candidate : living_) {
    terms.push_back({source, target, first_weight + candidate.index, candidate.operation->Stages(),
                     candidate.operation});
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

bool MixedOp::IsAlive() const { return !living_.empty(); }

}  // namespace nap
