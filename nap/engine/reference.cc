// reference: a cell composed of LibTorch's operators, on any device, in any type; also what a trace
// records.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include <memory>
#include <utility>
#include <vector>

#include "nap/engine/composed_term.h"
#include "nap/engine/executor.h"

namespace nap {
namespace {

class ReferenceCell final : public ExecutableCell {
 public:
  explicit ReferenceCell(std::shared_ptr<const CellGraph> graph)
      : graph_(std::move(graph)), terms_(graph_->num_nodes) {
    for (const CellTerm& term : graph_->terms) terms_[term.target].push_back(&term);
  }

  at::Tensor Forward(const std::vector<at::Tensor>& inputs,
                     const CellFactors& factors) const override {
    std::vector<at::Tensor> weights;
    if (factors.mixing.defined()) weights = factors.mixing.reshape({-1}).unbind(0);
    std::vector<at::Tensor> nodes = inputs;
    nodes.resize(graph_->num_nodes);
    for (int node = graph_->num_inputs; node < graph_->num_nodes; ++node) {
      at::Tensor& sum = nodes[node];
      for (const CellTerm* term : terms_[node]) {
        const at::Tensor weight =
            term->weight == CellTerm::kUnweighted ? at::Tensor() : weights[term->weight];
        const at::Tensor y = ComposeTerm(*term, nodes[term->source], weight, factors.drop_path);
        if (!sum.defined()) {
          sum = y;
        } else if (terms_[node][0]->weight != CellTerm::kUnweighted) {
          // In place is safe: the first term is nobody else's, and neither a batch norm's nor a
          // product's backward pass reads its output.
          sum.add_(y);
        } else {
          sum = sum + y;
        }
      }
    }
    std::vector<at::Tensor> outputs;
    for (const int node : graph_->concat) outputs.push_back(nodes[node]);
    return at::cat(outputs, 1);
  }

 private:
  const std::shared_ptr<const CellGraph> graph_;
  std::vector<std::vector<const CellTerm*>> terms_;  // of a node
};

const bool registered = ExecutorRegistry::Global().Register(
    "reference", {"LibTorch's operators, on all devices", [](const at::Tensor&) { return true; },
                  [](const std::shared_ptr<const CellGraph>& graph, const ParameterValues&) {
                    return std::make_unique<ReferenceCell>(graph);
                  }});

}  // namespace
}  // namespace nap
