// A cell computed by the kernels of ops/kernels: one autograd node with a hand-written backward
// pass, instead of a node for every convolution, batch norm and sum.
#ifndef NAP_MODEL_FUSED_CELL_H_
#define NAP_MODEL_FUSED_CELL_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "ops/operation.h"

namespace nap {

// Adds normalise(operation(source)) to the target, times a mixing weight.
struct FusedTerm {
  static constexpr int kUnweighted = -1;

  int source;
  int target;  // after `source`
  int weight;  // index into the mixing weights, counted row by row, or kUnweighted
  std::optional<StageList> stages;
  std::shared_ptr<Operation> operation;  // what is called if there are no stages
};

// Nodes [0, num_inputs) are given, the others are the sums of their terms.
struct FusedGraph {
  int num_inputs;
  int num_nodes;            // with the inputs
  int64_t channels;         // of each sum
  std::vector<int> concat;  // the sums whose concatenation is the output
  std::vector<FusedTerm> terms;

  // The parameters of all terms.
  std::vector<at::Tensor> Weights() const;
};

// Whether the kernels apply: float32 on the CPU.
bool CanFuse(const at::Tensor& x);

// inputs: [N, C_i, H_i, W_i]; returns [N, len(concat) * channels, H, W]. Batch norms use the
// batch's own statistics. With `recompute`, the backward pass computes the cell again from its
// inputs instead of keeping every operation's output. The backward pass can run only once.
at::Tensor FusedForward(std::shared_ptr<const FusedGraph> graph,
                        const std::vector<at::Tensor>& inputs, const at::Tensor& mixing_weights,
                        bool recompute);

}  // namespace nap

#endif  // NAP_MODEL_FUSED_CELL_H_
