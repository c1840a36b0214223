#include "nap/model/cell.h"

#include <ATen/ops/cat.h>
#include <absl/strings/str_cat.h>

#include <utility>

namespace nap {

Cell::Cell(const CellTopology& topology, const CellPlan& plan,
           const std::vector<std::string>& operations, const CellOptions& options)
    : topology_(topology),
      channels_(plan.channels),
      num_operations_(static_cast<int>(operations.size())),
      options_(options) {
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

torch::Tensor Cell::Forward(const std::vector<torch::Tensor>& inputs,
                            const torch::Tensor& mixing_weights) {
  if (!options_.fused || !CanFuse(inputs[0])) return Compose(inputs, mixing_weights);
  if (graph_ == nullptr) graph_ = MakeGraph();
  return FusedForward(graph_, inputs, {mixing_weights, {}}, options_.recompute);
}

torch::Tensor Cell::Compose(const std::vector<torch::Tensor>& inputs,
                            const torch::Tensor& mixing_weights) {
  const std::vector<torch::Tensor> weights = mixing_weights.unbind(0);
  std::vector<torch::Tensor> nodes(topology_.EndNode());
  for (int i = 0; i < topology_.num_inputs; ++i) {
    if (inputs_[i]) nodes[i] = inputs_[i]->Forward(inputs[i]);
  }
  for (size_t i = 0; i < edges_.size(); ++i) {
    const Edge& edge = topology_.edges[i];
    if (!edges_[i]->IsAlive()) continue;
    nodes[edge.target] =
        edges_[i]->AddTo(nodes[edge.target], nodes[edge.source], weights[i].unbind(0));
  }
  std::vector<torch::Tensor> outputs;
  for (int node : topology_.concat) outputs.push_back(nodes[node]);
  return at::cat(outputs, 1);
}

// What the cell is given comes first, then the topology's nodes.
std::shared_ptr<const FusedGraph> Cell::MakeGraph() const {
  const int given = topology_.num_inputs;
  auto graph = std::make_shared<FusedGraph>();
  graph->num_inputs = given;
  graph->num_nodes = given + topology_.EndNode();
  graph->channels = channels_;
  for (int node : topology_.concat) graph->concat.push_back(given + node);
  for (int i = 0; i < given; ++i) {
    if (inputs_[i]) graph->terms.push_back(inputs_[i]->Term(i, given + i));
  }
  for (size_t i = 0; i < edges_.size(); ++i) {
    const Edge& edge = topology_.edges[i];
    for (FusedTerm& term : edges_[i]->Terms(given + edge.source, given + edge.target,
                                            static_cast<int>(i) * num_operations_)) {
      graph->terms.push_back(std::move(term));
    }
  }
  return graph;
}

void Cell::Prune(int edge, int operation) {
  graph_ = nullptr;
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
