// A cell as a genotype says it, to be trained from scratch.
#ifndef NAP_MODEL_DERIVED_CELL_H_
#define NAP_MODEL_DERIVED_CELL_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <memory>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"
#include "nap/engine/executor.h"
#include "nap/model/cell_input.h"
#include "nap/model/cell_options.h"
#include "nap/search_space/search_space.h"
#include "ops/operation.h"

namespace nap {

// Batch norms have a learned scale and shift here, and running statistics; an operation gets its
// final one if its definition has one. Cell inputs that nothing reads do not exist. A node without
// inputs is zero.
class DerivedCell : public torch::nn::Module {
 public:
  // The genotype must suit the topology (ValidateGenotype) and its operations must be registered.
  DerivedCell(const CellTopology& topology, const CellPlan& plan, const CellGenotype& genotype,
              const CellOptions& options = {});

  // inputs: one [N, C_i, H_i, W_i] a cell input, undefined where nothing reads it. drop_path:
  // [NumPaths(), N] factors of each operation's output, or undefined: none. Returns [N, len(concat)
  // * channels, H, W].
  torch::Tensor Forward(const std::vector<torch::Tensor>& inputs, const torch::Tensor& drop_path);

  // Operations that drop path may drop: all but identities.
  int64_t NumPaths() const { return num_paths_; }

 private:
  static constexpr int kNeverDropped = -1;

  struct Term {
    int source;
    int target;
    std::shared_ptr<Operation> operation;
    torch::nn::BatchNorm2d norm;  // null if the operation does not end in one
    int path;                     // row of drop_path, or kNeverDropped
  };

  torch::Tensor Zero(const std::vector<torch::Tensor>& inputs) const;  // a node's shape
  std::shared_ptr<const CellGraph> MakeGraph() const;

  const CellPlan plan_;
  const int num_inputs_;
  const int num_nodes_;  // with the inputs
  const std::vector<int> concat_;
  int64_t num_paths_ = 0;
  std::vector<std::shared_ptr<CellInput>> inputs_;  // null: not read
  std::vector<Term> terms_;
  std::vector<int> empty_;  // nodes without inputs
  std::unique_ptr<CellRunner> runner_;
};

}  // namespace nap

#endif  // NAP_MODEL_DERIVED_CELL_H_
