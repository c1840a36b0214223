#include "nap/model/mixed_op.h"

#include <ATen/ops/batch_norm.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

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

MixedOp::MixedOp(const std::vector<std::string>& operations, int64_t channels, int64_t stride,
                 bool batch_norms)
    : channels_(channels), batch_norms_(batch_norms) {
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
                             const std::vector<torch::Tensor>& weights, const Mask& masked) {
  for (const Candidate& candidate : living_) {
    if (masked.count(candidate.index) != 0) continue;
    const torch::Tensor output = candidate.operation->Forward(x);
    const torch::Tensor& weight = weights[candidate.index];
    const torch::Tensor term =
        batch_norms_ ? NormaliseAndScale(output, weight, channels_) : output * weight;
    // In place is safe: neither a batch norm's nor a product's backward pass reads its output.
    sum = sum.defined() ? sum.add_(term) : term;
  }
  return sum;
}

std::vector<CellTerm> MixedOp::Terms(int source, int target, int first_weight,
                                     const Mask& masked) const {
  std::vector<CellTerm> terms;
  for (const Candidate& candidate : living_) {
    if (masked.count(candidate.index) != 0) continue;
    CellTerm term{source, target, first_weight + candidate.index, candidate.operation->Stages(),
                  candidate.operation};
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
