#include "nap/model/derived_cell.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "nap/engine/fused_cell.h"
#include "ops/layers.h"

namespace nap {
namespace {

std::shared_ptr<Operation> MakeOperation(const std::string& name, const OperationOptions& options) {
  const auto definition = OperationRegistry::Global().Find(name);
  CHECK(definition.ok()) << definition.status().message();
  return (*definition)->make(options);
}

}  // namespace

DerivedCell::DerivedCell(const CellTopology& topology, const CellPlan& plan,
                         const CellGenotype& genotype, const CellOptions& options)
    : options_(options),
      plan_(plan),
      num_inputs_(topology.num_inputs),
      num_nodes_(topology.EndNode()),
      concat_(genotype.concat) {
  inputs_.resize(num_inputs_);
  for (int node = 0; node < topology.num_nodes; ++node) {
    for (const GenotypeInput& input : genotype.nodes[node]) {
      if (input.source < num_inputs_ && inputs_[input.source] == nullptr) {
        inputs_[input.source] = register_module(
            absl::StrCat("input", input.source),
            std::make_shared<CellInput>(plan.inputs[input.source], plan.channels, /*affine=*/true));
      }
      const int target = topology.FirstNode() + node;
      const int64_t stride = topology.StrideOf(input.source, target);
      const std::string name = absl::StrCat("op", terms_.size());
      Term term{input.source, target, MakeOperation(input.operation, {plan.channels, stride}),
                torch::nn::BatchNorm2d(nullptr), kNeverDropped};
      register_module(name, term.operation);
      if (term.operation->EndsInBatchNorm()) {
        term.norm = register_module(absl::StrCat(name, "_norm"),
                                    MakeBatchNorm(plan.channels, /*affine=*/true));
      }
      const auto stages = term.operation->Stages();
      const bool is_identity = stages.has_value() && stages->empty();
      if (!is_identity) term.path = static_cast<int>(num_paths_++);
      terms_.push_back(std::move(term));
    }
  }
  const bool all_have_inputs =
      std::none_of(genotype.nodes.begin(), genotype.nodes.end(),
                   [](const std::vector<GenotypeInput>& inputs) { return inputs.empty(); });
  if (all_have_inputs) graph_ = MakeGraph();
}

torch::Tensor DerivedCell::Forward(const std::vector<torch::Tensor>& inputs,
                                   const torch::Tensor& drop_path) {
  std::vector<torch::Tensor> read;
  for (int i = 0; i < num_inputs_; ++i) {
    if (inputs_[i]) read.push_back(inputs[i]);
  }
  if (!options_.fused || graph_ == nullptr || !CanFuse(read[0])) return Compose(inputs, drop_path);
  return FusedForward(graph_, read, {{}, drop_path}, options_.recompute);
}

torch::Tensor DerivedCell::Compose(const std::vector<torch::Tensor>& inputs,
                                   const torch::Tensor& drop_path) {
  std::vector<torch::Tensor> nodes(num_nodes_);
  for (int i = 0; i < num_inputs_; ++i) {
    if (inputs_[i]) nodes[i] = inputs_[i]->Forward(inputs[i]);
  }
  const torch::Tensor zero = graph_ == nullptr ? Zero(inputs) : torch::Tensor();
  for (Term& term : terms_) {
    if (!nodes[term.source].defined()) nodes[term.source] = zero;
    torch::Tensor y = term.operation->Forward(nodes[term.source]);
    if (term.norm) y = term.norm->forward(y);
    if (drop_path.defined() && term.path != kNeverDropped) {
      y = y * drop_path[term.path].view({-1, 1, 1, 1});
    }
    torch::Tensor& sum = nodes[term.target];
    sum = sum.defined() ? sum + y : y;
  }
  std::vector<torch::Tensor> outputs;
  for (int node : concat_) outputs.push_back(nodes[node].defined() ? nodes[node] : zero);
  return at::cat(outputs, 1);
}

// By operators that a trace sees, from whatever input there is.
torch::Tensor DerivedCell::Zero(const std::vector<torch::Tensor>& inputs) const {
  size_t i = inputs.size() - 1;
  while (!inputs[i].defined()) --i;
  const int64_t stride = StrideOf(plan_.inputs[i].kind) * plan_.stride;
  return inputs[i]
      .detach()
      .slice(1, 0, 1)
      .slice(2, 0, {}, stride)
      .slice(3, 0, {}, stride)
      .mul(0)
      .expand({-1, plan_.channels, -1, -1});
}

// The cell inputs that are read come first, then the topology's nodes.
std::shared_ptr<const CellGraph> DerivedCell::MakeGraph() const {
  auto graph = std::make_shared<CellGraph>();
  const int given = static_cast<int>(
      std::count_if(inputs_.begin(), inputs_.end(), [](const auto& input) { return input; }));
  graph->num_inputs = given;
  graph->num_nodes = given + num_nodes_;
  graph->channels = plan_.channels;
  for (int node : concat_) graph->concat.push_back(given + node);
  int source = 0;
  for (int i = 0; i < num_inputs_; ++i) {
    if (inputs_[i]) graph->terms.push_back(inputs_[i]->Term(source++, given + i));
  }
  for (const Term& term : terms_) {
    CellTerm fused{given + term.source, given + term.target};
    fused.stages = term.operation->Stages();
    fused.operation = term.operation;
    if (fused.stages) {
      for (const auto& norm : term.operation->InnerNorms()) fused.norms.push_back({true, norm});
    }
    fused.norms.push_back({static_cast<bool>(term.norm), term.norm});
    if (term.path != kNeverDropped) fused.drop_path = term.path;
    graph->terms.push_back(std::move(fused));
  }
  return graph;
}

}  // namespace nap
