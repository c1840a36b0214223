#include "nap/model/cell.h"

#include <ATen/core/grad_mode.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace nap {

Cell::Cell(const CellTopology& topology, const CellPlan& plan,
           const std::vector<std::string>& operations, const CellOptions& options)
    : topology_(topology),
      num_operations_(static_cast<int>(operations.size())),
      options_(options),
      partial_(topology, plan.channels, options.partial_channels) {
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    inputs_.push_back(register_module(
        absl::StrCat("input", i), MakeCellInput(plan.inputs[i], plan.channels, /*affine=*/false)));
  }
  for (size_t i = 0; i < topology_.edges.size(); ++i) {
    edges_.push_back(
        register_module(absl::StrCat("edge", i),
                        std::make_shared<MixedOp>(operations, partial_.operation_channels(),
                                                  topology_.edges[i].stride, options.batch_norms)));
  }
}

torch::Tensor Cell::Forward(const std::vector<torch::Tensor>& inputs,
                            const torch::Tensor& mixing_weights) {
  const Masks masks = MasksOf(mixing_weights);
  const CellFactors factors{partial_.Weights(mixing_weights), {}};
  const bool masked = std::any_of(masks.begin(), masks.end(),
                                  [](const MixedOp::Mask& mask) { return !mask.empty(); });
  if (masked) return MakeRunner(masks).Forward(inputs, factors);
  if (runner_ == nullptr) {
    runner_ = std::make_unique<CellRunner>(MakeRunner(Masks(edges_.size())));
  }
  return runner_->Forward(inputs, factors);
}

Cell::Masks Cell::MasksOf(const torch::Tensor& mixing_weights) const {
  Masks masks(edges_.size());
  if (at::GradMode::is_enabled()) return masks;
  const torch::Tensor weights = mixing_weights.to(at::kCPU, at::kFloat).contiguous();
  const float* weight = weights.data_ptr<float>();
  for (MixedOp::Mask& mask : masks) {
    for (int operation = 0; operation < num_operations_; ++operation) {
      if (*weight++ == 0) mask.insert(operation);
    }
  }
  for (int node = topology_.FirstNode(); node < topology_.EndNode(); ++node) {
    bool is_empty = true;
    for (size_t i = 0; i < edges_.size(); ++i) {
      is_empty &= topology_.edges[i].target != node || !edges_[i]->IsAlive(masks[i]);
    }
    for (size_t i = 0; is_empty && i < edges_.size(); ++i) {
      if (topology_.edges[i].target == node) masks[i].clear();
    }
  }
  return masks;
}

CellRunner Cell::MakeRunner(const Masks& masks) const {
  return CellRunner(MakeGraph(masks), options_.backend);
}

std::shared_ptr<const CellGraph> Cell::MakeGraph(const Masks& masks) const {
  auto graph = std::make_shared<CellGraph>(partial_.NewGraph());
  for (int i = 0; i < topology_.num_inputs; ++i) {
    if (inputs_[i] && IsRead(i, masks))
      graph->terms.push_back(inputs_[i]->Term(i, partial_.Whole(i)));
  }
  for (int node = 0; node < topology_.EndNode(); ++node) {
    if (IsRead(node, masks)) partial_.AddNode(node, graph.get());
  }
  for (int i = 0; i < static_cast<int>(edges_.size()); ++i) {
    if (!edges_[i]->IsAlive(masks[i])) continue;
    const Edge& edge = topology_.edges[i];
    for (CellTerm& term :
         edges_[i]->Terms(partial_.First(edge.source), partial_.Operations(edge.target),
                          i * num_operations_, masks[i])) {
      graph->terms.push_back(std::move(term));
    }
    partial_.AddEdge(i, num_operations_, graph.get());
  }
  return graph;
}

bool Cell::IsRead(int node, const Masks& masks) const {
  for (size_t i = 0; i < edges_.size(); ++i) {
    if (topology_.edges[i].source == node && edges_[i]->IsAlive(masks[i])) return true;
  }
  return false;
}

void Cell::Prune(int edge, int operation) {
  runner_ = nullptr;
  edges_[edge]->Prune(operation);
  const int source = topology_.edges[edge].source;
  if (source >= topology_.num_inputs || !inputs_[source] || IsRead(source, Masks(edges_.size())))
    return;
  inputs_[source] = nullptr;
  unregister_module(absl::StrCat("input", source));
}

}  // namespace nap
