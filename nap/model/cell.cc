#include "nap/model/cell.h"

#include <ATen/ops/cat.h>
#include <absl/strings/str_cat.h>

namespace nap {

Cell::Cell(const CellTopology& topology, const CellPlan& plan,
           const std::vector<std::string>& operations)
    : topology_(topology) {
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    inputs_.push_back(register_module(
        absl::StrCat("input", i),
        std::make_shared<CellInput>(plan.inputs[i], plan.channels, /*affine=*/false)));
  }
  for (size_t i = 0; i < topology_.edges.size(); ++i) {
    edges_.push_back(register_module(
        absl::StrCat("edge", i),
        std::make_shared<MixedOp>(operations, plan.channels, topology_.edges[i].stride)));
  }
}

torch::Tensor Cell::Forward(const std::vector<torch::Tensor>& inputs, const EdgeWeights& weights) {
  std::vector<torch::Tensor> nodes(topology_.EndNode());
  for (int i = 0; i < topology_.num_inputs; ++i) {
    if (inputs_[i]) nodes[i] = inputs_[i]->Forward(inputs[i]);
  }
  for (size_t i = 0; i < edges_.size(); ++i) {
    const Edge& edge = topology_.edges[i];
    if (!edges_[i]->IsAlive()) continue;
    nodes[edge.target] = edges_[i]->AddTo(nodes[edge.target], nodes[edge.source], weights[i]);
  }
  std::vector<torch::Tensor> outputs;
  for (int node : topology_.concat) outputs.push_back(nodes[node]);
  return at::cat(outputs, 1);
}

void Cell::Prune(int edge, int operation) {
  edges_[edge]->Prune(operation);
  const int source = topology_.edges[edge].source;
  if (source >= topology_.num_inputs || !inputs_[source]) return;
  for (size_t i = 0; i < edges_.size(); ++i) {
    if (topology_.edges[i].source == source && edges_[i]->IsAlive()) return;
  }
  inputs_[source] = nullptr;
  unregister_module(absl::StrCat("input", source));
}

}  // namespace nap
