// A cell of the supernet: a mixed operation on every edge.
#ifndef NAP_MODEL_CELL_H_
#define NAP_MODEL_CELL_H_

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "nap/architecture/topology.h"
#include "nap/engine/executor.h"
#include "nap/model/cell_input.h"
#include "nap/model/cell_options.h"
#include "nap/model/mixed_op.h"
#include "nap/model/partial_channels.h"
#include "nap/search_space/search_space.h"

namespace nap {

class Cell : public torch::nn::Module {
 public:
  Cell(const CellTopology& topology, const CellPlan& plan,
       const std::vector<std::string>& operations, const CellOptions& options);

  // `inputs`: one [N, C_i, H_i, W_i] a cell input; mixing_weights: [edges, operations], zeros for
  // what is pruned. Returns the concatenation of the nodes, [N, len(concat) * channels, H, W].
  // Where no gradient is wanted, a candidate of weight zero is not computed, as if it had been
  // pruned, unless its node would be left with nothing.
  torch::Tensor Forward(const std::vector<torch::Tensor>& inputs,
                        const torch::Tensor& mixing_weights);

  // An input that no living edge reads is neither computed nor kept.
  void Prune(int edge, int operation);

 private:
  using Masks = std::vector<MixedOp::Mask>;  // an edge

  CellRunner MakeRunner(const Masks& masks) const;
  std::shared_ptr<const CellGraph> MakeGraph(const Masks& masks) const;
  Masks MasksOf(const torch::Tensor& mixing_weights) const;
  bool IsRead(int node, const Masks& masks) const;  // by an edge that lives and is not masked

  const CellTopology topology_;
  const int num_operations_;
  const CellOptions options_;
  const PartialChannels partial_;
  std::vector<std::shared_ptr<CellInput>> inputs_;  // null: pruned
  std::vector<std::shared_ptr<MixedOp>> edges_;
  std::unique_ptr<CellRunner> runner_;  // of no mask; null: made when it is needed
};

}  // namespace nap

#endif  // NAP_MODEL_CELL_H_
