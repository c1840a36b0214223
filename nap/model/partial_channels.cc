#include "nap/model/partial_channels.h"

#include <ATen/ops/cat.h>

#include <utility>
#include <vector>

namespace nap {
namespace {

CellTerm Moved(int source, int target, const std::shared_ptr<const ChannelStage>& stage) {
  CellTerm term{source, target, [stage](const at::Tensor& x) { return stage->Compose(x); },
                StageList{stage}};
  term.norms = {{/*enabled=*/false, nullptr}};
  return term;
}

}  // namespace

PartialChannels::PartialChannels(const CellTopology& topology, int64_t channels, int64_t k)
    : topology_(topology), channels_(channels), k_(k) {
  const int64_t part = operation_channels();
  std::vector<ChannelMove> first, spread, rest;
  for (int64_t i = 0; i < part; ++i) {
    first.push_back({i, i});
    spread.push_back({i, i * k_});
    for (int64_t group = 1; group < k_; ++group) rest.push_back({group * part + i, i * k_ + group});
  }
  first_ = std::make_shared<ChannelStage>(part, 1, std::move(first));
  spread_ = std::make_shared<ChannelStage>(channels, 1, std::move(spread));
  rest_ = std::make_shared<ChannelStage>(channels, 1, rest);
  pooled_rest_ = std::make_shared<ChannelStage>(channels, 2, std::move(rest));
}

int PartialChannels::Place(int node, int part) const {
  return topology_.num_inputs + (k_ == 1 ? node : 3 * node + part);
}

CellGraph PartialChannels::NewGraph() const {
  CellGraph graph{topology_.num_inputs, Place(topology_.EndNode(), 0), channels_, {}, {}};
  for (int node : topology_.concat) graph.concat.push_back(Whole(node));
  if (k_ == 1) return graph;
  for (int node = topology_.FirstNode(); node < topology_.EndNode(); ++node) {
    graph.narrow[Operations(node)] = operation_channels();
    graph.terms.push_back(Moved(Operations(node), Whole(node), spread_));
  }
  return graph;
}

void PartialChannels::AddNode(int node, CellGraph* graph) const {
  if (k_ == 1) return;
  graph->narrow[First(node)] = operation_channels();
  graph->terms.push_back(Moved(Whole(node), First(node), first_));
}

void PartialChannels::AddEdge(int edge, int num_operations, CellGraph* graph) const {
  if (k_ == 1) return;
  const auto& [source, target, stride] = topology_.edges[edge];
  CellTerm term = Moved(Whole(source), Whole(target), stride == 2 ? pooled_rest_ : rest_);
  term.weight = static_cast<int>(topology_.edges.size()) * num_operations + edge;
  graph->terms.push_back(std::move(term));
}

at::Tensor PartialChannels::Weights(const at::Tensor& mixing_weights) const {
  if (k_ == 1) return mixing_weights;
  return at::cat({mixing_weights.flatten(), mixing_weights.sum(1)});
}

}  // namespace nap
