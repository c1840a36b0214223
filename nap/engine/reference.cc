// reference: a cell composed of LibTorch's operators, on any device, in any type; also what a trace
// records.
#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>

#include <memory>
#include <utility>
#include <vector>

#include "nap/engine/executor.h"

namespace nap {
namespace {

constexpr double kEpsilon = 1e-5;

// By the batch's statistics. Scaling inside the batch norm costs nothing, where a product after it
// would read and write the whole tensor once more in each direction.
at::Tensor NormaliseAndScale(const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor scale =
      weight.defined() ? weight.expand({x.size(1)}).contiguous() : at::Tensor();
  return at::batch_norm(x, scale, /*bias=*/{}, /*running_mean=*/{}, /*running_var=*/{},
                        /*training=*/true, /*momentum=*/0.0, kEpsilon, /*cudnn_enabled=*/true);
}

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
        const at::Tensor y = Output(*term, nodes[term->source], weights, factors.drop_path);
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
  static at::Tensor Output(const CellTerm& term, const at::Tensor& x,
                           const std::vector<at::Tensor>& weights, const at::Tensor& drop_path) {
    at::Tensor y = term.forward(x);
    CellNorm norm = term.Norm(term.NumParts() - 1);
    const at::Tensor weight =
        term.weight == CellTerm::kUnweighted ? at::Tensor() : weights[term.weight];
    if (!norm.enabled) {
      if (weight.defined()) y = y * weight;
    } else if (norm.module.is_empty()) {
      y = NormaliseAndScale(y, weight);
    } else {
      y = norm.module->forward(y);
    }
    if (drop_path.defined() && term.drop_path != CellTerm::kKept) {
      y = y * drop_path[term.drop_path].view({-1, 1, 1, 1});
    }
    return y;
  }

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
