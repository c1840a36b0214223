// A candidate operation: what the search chooses between. See docs/adding_an_operation.md.
#ifndef OPS_OPERATION_H_
#define OPS_OPERATION_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nap/base/registry.h"
#include "ops/cost.h"
#include "ops/stage.h"

namespace nap {

struct OperationOptions {
  int64_t channels;    // of the input and of the output
  int64_t stride = 1;  // 1, or 2 to halve height and width, rounding up
  bool affine =
      true;  // whether batch norms inside have a learned scale and shift; not in a supernet
};

// The final batch norm of an operation belongs to whoever uses it: a mixed operation normalises
// every candidate and scales it in the same pass, a derived network normalises those that ask for
// it.
class Operation : public torch::nn::Module {
 public:
  // [N, C, H, W] -> [N, C, ceil(H / stride), ceil(W / stride)], before the final batch norm.
  virtual torch::Tensor Forward(const torch::Tensor& x) = 0;

  // How the fused kernels compute it. Without stages it is the identity; nothing: they cannot, and
  // Forward is called instead. Stages without weights must be the same objects in every operation
  // that means the same, which are then computed once for all edges that leave a node.
  virtual std::optional<StageList> Stages() const { return std::nullopt; }

  // The batch norms between its stages, one less than there are stages. Needed only if they have a
  // learned scale and shift.
  virtual std::vector<torch::nn::BatchNorm2d> InnerNorms() const { return {}; }

  // Whether a final batch norm is part of the operation's definition.
  virtual bool EndsInBatchNorm() const { return true; }

  // For an input of this size, the final batch norm included if the definition has one.
  virtual Cost CostAt(ImageSize input) const = 0;
};

// What a plugin registers, under the operation's name.
struct OperationDefinition {
  static constexpr char kKind[] = "operation";

  std::string description;  // one line, without a full stop
  std::function<std::shared_ptr<Operation>(const OperationOptions&)> make;

  // The zero operation: its output is 0 whatever the input. It takes part in a relaxation, but is
  // never computed, ranked, counted in a budget or named in a genotype.
  bool is_zero = false;
};

using OperationRegistry = Registry<OperationDefinition>;

}  // namespace nap

#endif  // OPS_OPERATION_H_
