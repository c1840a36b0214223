// The weighted sum of every candidate operation on one edge of one cell.
#ifndef NAP_MODEL_MIXED_OP_H_
#define NAP_MODEL_MIXED_OP_H_

#include <torch/nn/module.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nap/engine/cell_graph.h"
#include "ops/operation.h"

namespace nap {

// Every candidate, skip and pooling included, goes through a batch norm without scale and shift
// before it is weighted, so that strengths are comparable. Zero operations are never computed.
class MixedOp : public torch::nn::Module {
 public:
  // Operations that are left out for once; empty: none.
  using Mask = std::set<int>;

  // The names must be registered. Without batch norms candidates are not normalised.
  MixedOp(const std::vector<std::string>& operations, int64_t channels, int64_t stride,
          bool batch_norms = true);

  // sum_k weights[k] * normalise(op_k(x)) over the living operations that are not masked, as terms
  // from node `source` to node `target`. The weight of operation k is number first_weight + k.
  std::vector<CellTerm> Terms(int source, int target, int first_weight,
                              const Mask& masked = {}) const;

  // Drops the operation and its parameters.
  void Prune(int operation);

  // Whether an operation lives that is not masked.
  bool IsAlive(const Mask& masked = {}) const;

 private:
  struct Candidate {
    int index;
    std::shared_ptr<Operation> operation;
  };

  const bool batch_norms_;
  std::vector<Candidate> living_;
};

}  // namespace nap

#endif  // NAP_MODEL_MIXED_OP_H_
