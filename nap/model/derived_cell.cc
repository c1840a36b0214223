#include "nap/model/derived_cell.h"

#include <ATen/TensorOperators.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

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
    : plan_(plan),
      num_inputs_(topology.num_inputs),
      num_nodes_(topology.EndNode()),
      concat_(genotype.concat) {
  inputs_.resize(num_inputs_);
  for (int node = 0; node < topology.num_nodes; ++node) {
    for (const GenotypeInput& input : genotype.nodes[node]) {
      if (input.source < num_inputs_ && inputs_[input.source] == nullptr) {
        inputs_[input.source] = register_module(
            absl::StrCat("input", input.source),
            MakeCellInput(plan.inputs[input.source], plan.channels, /*affine=*/true));
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
  for (int node = 0; node < topology.num_nodes; ++node) {
    if (genotype.nodes[node].empty()) empty_.push_back(topology.FirstNode() + node);
  }
  runner_ = std::make_unique<CellRunner>(MakeGraph(), options.backend);
}

torch::Tensor DerivedCell::Forward(const std::vector<torch::Tensor>& inputs,
                                   const torch::Tensor& drop_path) {
  std::vector<torch::Tensor> given;
  for (int i = 0; i < num_inputs_; ++i) {
    if (inputs_[i]) given.push_back(inputs[i]);
  }
  if (!empty_.empty()) given.push_back(Zero(inputs));
  return runner_->Forward(given, {{}, drop_path});
}

// By operators that a trace sees, from whatever input there is.
torch::Tensor DerivedCell::Zero(const std::vector<torch::Tensor>& inputs) const {
  size_t i = inputs.size() - 1;
  while (!inputs[i].defined()) --i;
  const int64_t stride = DefinitionOf(plan_.inputs[i]).stride * plan_.stride;
  return inputs[i]
      .detach()
      .slice(1, 0, 1)
      .slice(2, 0, {}, stride)
      .slice(3, 0, {}, stride)
      .mul(0)
      .expand({-1, plan_.channels, -1, -1});
}

// Given are the cell inputs that are read and, if there are empty nodes, what they are; then come
// the topology's nodes.
std::shared_ptr<const CellGraph> DerivedCell::MakeGraph() const {
  auto graph = std::make_shared<CellGraph>();
  const int read = static_cast<int>(
      std::count_if(inputs_.begin(), inputs_.end(), [](const auto& input) { return input; }));
  const int given = read + (empty_.empty() ? 0 : 1);
  graph->num_inputs = given;
  graph->num_nodes = given + num_nodes_;
  graph->channels = plan_.channels;
  for (int node : concat_) graph->concat.push_back(given + node);
  int source = 0;
  for (int i = 0; i < num_inputs_; ++i) {
    if (inputs_[i]) graph->terms.push_back(inputs_[i]->Term(source++, given + i));
  }
  for (int node : empty_) graph->terms.push_back(IdentityTerm(read, given + node));
  for (const Term& term : terms_) {
    CellTerm computed = TermOf(term.operation, given + term.source, given + term.target);
    if (computed.stages) {
      for (const auto& norm : term.operation->InnerNorms()) computed.norms.push_back({true, norm});
    }
    computed.norms.push_back({static_cast<bool>(term.norm), term.norm});
    if (term.path != kNeverDropped) computed.drop_path = term.path;
    graph->terms.push_back(std::move(computed));
  }
  return graph;
}

}  // namespace nap
