// A cell of the supernet: a mixed operation on every edge.
#ifndef NAP_MODEL_CELL_H_
#define NAP_MODEL_CELL_H_

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "nap/architecture/topology.h"
#include "nap/model/cell_input.h"
#include "nap/model/mixed_op.h"
#include "nap/search_space/search_space.h"

namespace nap {

// The mixing weights of one cell type: [edge][operation], scalar tensors.
using EdgeWeights = std::vector<std::vector<torch::Tensor>>;

class Cell : public torch::nn::Module {
 public:
  Cell(const CellTopology& topology, const CellPlan& plan,
       const std::vector<std::string>& operations);

  // `inputs`: one [N, C_i, H_i, W_i] a cell input; returns the concatenation of the nodes,
  // [N, len(concat) * channels, H, W].
  torch::Tensor Forward(const std::vector<torch::Tensor>& inputs, const EdgeWeights& weights);

  // An input that no living edge reads is neither computed nor kept.
  void Prune(int edge, int operation);

 private:
  const CellTopology topology_;
  std::vector<std::shared_ptr<CellInput>> inputs_;  // null: pruned
  std::vector<std::shared_ptr<MixedOp>> edges_;
};

}  // namespace nap

#endif  // NAP_MODEL_CELL_H_
