// What a cell computes: sums of weighted, normalised operations between nodes.
#ifndef NAP_ENGINE_CELL_GRAPH_H_
#define NAP_ENGINE_CELL_GRAPH_H_

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/batchnorm.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "ops/operation.h"

namespace nap {

// What is done to an output: a batch norm or nothing.
struct CellNorm {
  bool enabled = true;
  // Null: by the batch's statistics, without scale and shift. Else it decides, by its mode, which
  // statistics are used, and its running statistics are updated as by its own forward pass.
  torch::nn::BatchNorm2d module{nullptr};

  // Scale and shift, if there are any.
  std::vector<at::Tensor> Weights() const;
};

// Adds normalise(operation(source)) to the target, times a mixing weight or drop path's factor.
struct CellTerm {
  static constexpr int kUnweighted = -1;
  static constexpr int kKept = -1;

  int source;
  int target;  // after `source`
  // Before the last norm, by LibTorch's operators: [N, C, H, W] to [N, channels of the target,
  // ...].
  std::function<at::Tensor(const at::Tensor&)> forward = {};
  // The same by kernels; none: identity. Nothing: they cannot, and `forward` is called.
  std::optional<StageList> stages = {};
  // Whose parameters and buffers `forward` reads; needed if there are no stages.
  std::shared_ptr<torch::nn::Module> module = nullptr;
  int weight = kUnweighted;  // index into the mixing weights, counted row by row
  // Behind every stage, or one if there is no stage. Empty: CellNorm() for each. A term with a
  // mixing weight ends in CellNorm() or in none.
  std::vector<CellNorm> norms = {};
  int drop_path = kKept;  // row of the drop path's factors

  // The parts are the stages, or what stands for them.
  size_t NumParts() const { return stages && !stages->empty() ? stages->size() : 1; }
  CellNorm Norm(size_t part) const { return norms.empty() ? CellNorm() : norms[part]; }
  std::vector<at::Tensor> Weights(size_t part) const;  // the norm's are the last
};

// One whose output an operation is. Its norms are to be set if they are not CellNorm() each.
CellTerm TermOf(std::shared_ptr<Operation> operation, int source, int target);

// The source as it is.
CellTerm IdentityTerm(int source, int target);

// Nodes [0, num_inputs) are given, the others are the sums of their terms.
struct CellGraph {
  int num_inputs;
  int num_nodes;            // with the inputs
  int64_t channels;         // of each sum that `narrow` does not name
  std::vector<int> concat;  // the sums whose concatenation is the output
  std::vector<CellTerm> terms;
  std::map<int, int64_t> narrow = {};  // channels of the sums that have fewer; none is in `concat`

  // Of a sum.
  int64_t Channels(int node) const;
};

struct CellFactors {
  at::Tensor mixing;     // undefined if no term has one
  at::Tensor drop_path;  // [rows, N], without gradient; undefined: nothing is dropped
};

}  // namespace nap

#endif  // NAP_ENGINE_CELL_GRAPH_H_
