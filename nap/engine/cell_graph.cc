#include "nap/engine/cell_graph.h"

#include <utility>

namespace nap {

std::vector<at::Tensor> CellNorm::Weights() const {
  if (module.is_empty() || !module->weight.defined()) return {};
  return {module->weight, module->bias};
}

std::vector<at::Tensor> CellTerm::Weights(size_t part) const {
  std::vector<at::Tensor> weights;
  if (!stages) {
    weights = module->parameters();
  } else if (!stages->empty()) {
    weights = (*stages)[part]->Weights();
  }
  for (at::Tensor& weight : Norm(part).Weights()) weights.push_back(std::move(weight));
  return weights;
}

CellTerm TermOf(std::shared_ptr<Operation> operation, int source, int target) {
  return {source, target, [operation](const at::Tensor& x) { return operation->Forward(x); },
          operation->Stages(), operation};
}

CellTerm IdentityTerm(int source, int target) {
  CellTerm term{source, target, [](const at::Tensor& x) { return x; }, StageList()};
  term.norms = {{/*enabled=*/false}};
  return term;
}

int64_t CellGraph::Channels(int node) const {
  const auto found = narrow.find(node);
  return found == narrow.end() ? channels : found->second;
}

}  // namespace nap
