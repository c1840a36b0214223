// How the fused executor goes through a cell: what a graph (cell_graph.h) says, put into the order
// of fused_pass.h. Made once, and not changed by any pass.
#ifndef NAP_ENGINE_FUSED_PLAN_H_
#define NAP_ENGINE_FUSED_PLAN_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "nap/engine/cell_graph.h"

namespace nap {

class FusedPlan {
 public:
  explicit FusedPlan(std::shared_ptr<const CellGraph> graph);

  // A part of the weighted sum that makes a node.
  struct Use {
    int node;
    int weight;     // as in CellTerm
    int drop_path;  // as in CellTerm
  };

  // A stage, an identity or an operation without stages. Several terms can use one.
  struct Run {
    const CellTerm* term;  // one of those
    size_t part;           // of it

    std::shared_ptr<const Stage> stage;
    const CellTerm* operation;  // null: it has stages
    int source;                 // the node where its chain starts
    int previous = -1;          // reads this run's output, normalised and clipped, not the source
    int next = -1;              // does so with this one's
    int64_t packed = 0;         // where its weights start among packed ones
    size_t first_weight = 0;    // in Weights()
    size_t norm_weight = 0;     // there, the norm's first
    std::vector<Use> uses = {};

    bool IsIdentity() const { return stage == nullptr && operation == nullptr; }
  };

  const CellGraph& graph() const { return *graph_; }
  const std::vector<Run>& runs() const { return runs_; }

  // The first runs of those that read the node.
  const std::vector<int>& Chains(int node) const { return chains_[node]; }

  // The parameters of all runs.
  std::vector<at::Tensor> Weights() const;
  size_t num_weights() const { return num_weights_; }

  // Floats of all packed weights.
  int64_t packed_size() const { return packed_size_; }

 private:
  // The last runs of chains without weights, by what they compute of which node.
  using Shared = std::map<std::tuple<int, bool, StageList>, int>;
  void AddTerm(const CellTerm& term, Shared* shared);

  const std::shared_ptr<const CellGraph> graph_;
  std::vector<Run> runs_;
  std::vector<std::vector<int>> chains_;
  size_t num_weights_ = 0;
  int64_t packed_size_ = 0;
};

}  // namespace nap

#endif  // NAP_ENGINE_FUSED_PLAN_H_
