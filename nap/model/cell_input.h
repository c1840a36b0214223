// Brings an earlier cell's output to a cell's channels and size.
#ifndef NAP_MODEL_CELL_INPUT_H_
#define NAP_MODEL_CELL_INPUT_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <memory>

#include "nap/engine/cell_graph.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"
#include "ops/factorized_reduce.h"
#include "ops/residual_block.h"

namespace nap {

class CellInput : public torch::nn::Module {
 public:
  CellInput(const CellInputPlan& plan, int64_t channels, bool affine);

  // [N, plan.channels, H, W] at node `source` -> [N, channels, H, W], or half of H and W, added to
  // node `target`.
  CellTerm Term(int source, int target) const;

  // Of one with scale and shift, where the result has this size.
  static Cost CostOf(const CellInputPlan& plan, int64_t channels, ImageSize output);

 private:
  const CellInputKind kind_;
  // Null: not needed.
  torch::nn::Conv2d pointwise_{nullptr};
  std::shared_ptr<FactorizedReduce> reduce_;
  std::shared_ptr<ResidualBlock> block_;
  torch::nn::BatchNorm2d norm_{nullptr};
};

}  // namespace nap

#endif  // NAP_MODEL_CELL_INPUT_H_
