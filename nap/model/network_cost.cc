#include "nap/model/network_cost.h"

#include <glog/logging.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "nap/base/status_macros.h"
#include "nap/model/cell_input.h"
#include "nap/model/stem.h"
#include "ops/layers.h"
#include "ops/operation.h"

namespace nap {
namespace {

// Asks operations for their cost, each no more than once at a size.
class OperationCosts {
 public:
  absl::StatusOr<Cost> At(const std::string& name, int64_t channels, int64_t stride,
                          ImageSize input) {
    const auto [found, is_new] =
        asked_.try_emplace({name, channels, stride, input.height, input.width});
    if (!is_new) return found->second;
    NAP_ASSIGN_OR_RETURN(const OperationDefinition* definition,
                         OperationRegistry::Global().Find(name));
    // Made only to be asked: its weights are thrown away at once.
    found->second = definition->make({channels, stride, /*affine=*/true})->CostAt(input);
    return found->second;
  }

 private:
  std::map<std::tuple<std::string, int64_t, int64_t, int64_t, int64_t>, Cost> asked_;
};

}  // namespace

std::vector<bool> CellsThatCount(const NetworkPlan& plan, const Genotype& genotype,
                                 int64_t auxiliary) {
  std::vector<bool> counts(plan.cells.size(), false);
  counts.back() = true;
  if (auxiliary >= 0) counts[auxiliary] = true;
  for (size_t i = plan.cells.size(); i-- > 0;) {
    const CellPlan& cell = plan.cells[i];
    if (!counts[i]) continue;
    bool is_read = false;
    for (const auto& inputs : genotype.cells[cell.type].nodes) {
      for (const GenotypeInput& input : inputs) {
        if (input.source >= static_cast<int>(cell.inputs.size())) continue;
        is_read = true;
        const int source = cell.inputs[input.source].source;
        if (source >= 0) counts[source] = true;
      }
    }
    // Its zeros are of its last input's size.
    if (!is_read && cell.inputs.back().source >= 0) counts[cell.inputs.back().source] = true;
  }
  return counts;
}

absl::StatusOr<NetworkCostModel> NetworkCostModel::Create(const NetworkPlan& plan,
                                                          const CandidateSpace& space,
                                                          ImageSize image) {
  NetworkCostModel model(plan, space);
  ImageSize size = image;
  for (const ConvolutionShape& shape : Stem::Convolutions(plan)) {
    model.ends_ += CostOf(shape, &size) + BatchNormCost(shape.out_channels, true);
  }
  if (plan.final_norm) model.ends_ += BatchNormCost(plan.output_channels, true);
  const int64_t weights = plan.output_channels * plan.classes;
  model.ends_ += Cost{weights + plan.classes, weights};
  OperationCosts operations;
  for (const CellPlan& cell : plan.cells) {
    const CellTopology& topology = space.cell_types[cell.type];
    size = Strided(size, StrideOf(cell.inputs.back().kind));
    const ImageSize inside = Strided(size, cell.stride);
    CellCosts costs;
    for (const Edge& edge : topology.edges) {
      for (const CandidateOperation& operation : space.operations) {
        NAP_ASSIGN_OR_RETURN(const Cost cost,
                             operations.At(operation.name, cell.channels, edge.stride,
                                           edge.source < topology.num_inputs ? size : inside));
        costs.operations.push_back(cost);
      }
    }
    for (const CellInputPlan& input : cell.inputs) {
      costs.inputs.push_back(CellInput::CostOf(input, cell.channels, size));
    }
    model.cells_.push_back(std::move(costs));
    size = inside;
  }
  return model;
}

Cost NetworkCostModel::Of(const Genotype& genotype) const {
  std::map<std::string, int> places;
  for (int i = 0; i < space_.NumOperations(); ++i) places[space_.operations[i].name] = i;
  Cost cost = ends_;
  const std::vector<bool> counts = CellsThatCount(plan_, genotype);
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!counts[i]) continue;
    const int type = plan_.cells[i].type;
    const CellTopology& topology = space_.cell_types[type];
    std::vector<bool> reads_input(topology.num_inputs);
    for (int node = 0; node < topology.num_nodes; ++node) {
      for (const GenotypeInput& input : genotype.cells[type].nodes[node]) {
        const auto place = places.find(input.operation);
        CHECK(place != places.end()) << input.operation << " is no candidate";
        const int edge = topology.EdgeOf(input.source, topology.FirstNode() + node);
        cost += cells_[i].operations[edge * space_.NumOperations() + place->second];
        if (input.source < topology.num_inputs) reads_input[input.source] = true;
      }
    }
    for (int input = 0; input < topology.num_inputs; ++input) {
      if (reads_input[input]) cost += cells_[i].inputs[input];
    }
  }
  return cost;
}

std::vector<std::vector<double>> NetworkCostModel::InputCosts(int64_t Cost::*what) const {
  std::vector<std::vector<double>> sums;
  for (const CellTopology& cell : space_.cell_types) sums.emplace_back(cell.num_inputs);
  for (size_t i = 0; i < cells_.size(); ++i) {
    std::vector<double>& of_type = sums[plan_.cells[i].type];
    for (size_t input = 0; input < of_type.size(); ++input) {
      of_type[input] += static_cast<double>(cells_[i].inputs[input].*what);
    }
  }
  return sums;
}

ScoreTable NetworkCostModel::CandidateCosts(int64_t Cost::*what) const {
  ScoreTable table(space_);
  for (size_t i = 0; i < cells_.size(); ++i) {
    std::vector<double>& sums = table.Values(plan_.cells[i].type);
    std::transform(
        sums.begin(), sums.end(), cells_[i].operations.begin(), sums.begin(),
        [&](double sum, const Cost& cost) { return sum + static_cast<double>(cost.*what); });
  }
  return table;
}

absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image) {
  std::set<std::string> names;
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& [name, count] : CountOperations(cell)) names.insert(name);
  }
  CandidateSpace space{cell_types, {}};
  for (const std::string& name : names) space.operations.push_back({name});
  NAP_ASSIGN_OR_RETURN(const NetworkCostModel model, NetworkCostModel::Create(plan, space, image));
  return model.Of(genotype);
}

}  // namespace nap
