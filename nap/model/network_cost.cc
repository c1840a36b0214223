#include "nap/model/network_cost.h"

#include "nap/base/status_macros.h"
#include "nap/model/cell_input.h"
#include "nap/model/stem.h"
#include "ops/layers.h"
#include "ops/operation.h"

namespace nap {
namespace {

// The operation is made only to be asked: its weights are thrown away at once.
absl::StatusOr<Cost> OperationCost(const std::string& name, int64_t channels, int64_t stride,
                                   ImageSize input) {
  NAP_ASSIGN_OR_RETURN(const OperationDefinition* definition,
                       OperationRegistry::Global().Find(name));
  return definition->make({channels, stride, /*affine=*/true})->CostAt(input);
}

// `input`: the size of what the cell's nodes read.
absl::StatusOr<Cost> CellCost(const CellPlan& plan, const CellTopology& topology,
                              const CellGenotype& genotype, ImageSize input) {
  Cost cost;
  std::vector<bool> reads_input(topology.num_inputs);
  for (int node = 0; node < topology.num_nodes; ++node) {
    const int target = topology.FirstNode() + node;
    for (const GenotypeInput& edge : genotype.nodes[node]) {
      const bool from_input = edge.source < topology.num_inputs;
      if (from_input) reads_input[edge.source] = true;
      NAP_ASSIGN_OR_RETURN(
          const Cost operation,
          OperationCost(edge.operation, plan.channels, topology.StrideOf(edge.source, target),
                        from_input ? input : Strided(input, plan.stride)));
      cost += operation;
    }
  }
  for (int i = 0; i < topology.num_inputs; ++i) {
    if (!reads_input[i]) continue;
    cost += CellInput::CostOf(plan.inputs[i], plan.channels, input);
  }
  return cost;
}

}  // namespace

std::vector<bool> CellsThatCount(const NetworkPlan& plan, const Genotype& genotype,
                                 int64_t auxiliary) {
  std::vector<bool> counts(plan.cells.size(), false);
  counts.back() = true;
  if (auxiliary >= 0) counts[auxiliary] = true;
  for (size_t i = plan.cells.size(); i-- > 0;) {
    const CellPlan& cell = plan.cells[i];
    if (!counts[i]) continue;
    for (const auto& inputs : genotype.cells[cell.type].nodes) {
      for (const GenotypeInput& input : inputs) {
        if (input.source >= static_cast<int>(cell.inputs.size())) continue;
        const int source = cell.inputs[input.source].source;
        if (source >= 0) counts[source] = true;
      }
    }
  }
  return counts;
}

absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image) {
  Cost cost;
  ImageSize size = image;
  for (const ConvolutionShape& shape : Stem::Convolutions(plan)) {
    cost += CostOf(shape, &size) + BatchNormCost(shape.out_channels, true);
  }
  const std::vector<bool> counts = CellsThatCount(plan, genotype);
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const CellPlan& cell = plan.cells[i];
    size = Strided(size, StrideOf(cell.inputs.back().kind));
    NAP_ASSIGN_OR_RETURN(const Cost cell_cost,
                         CellCost(cell, cell_types[cell.type], genotype.cells[cell.type], size));
    if (counts[i]) cost += cell_cost;
    size = Strided(size, cell.stride);
  }
  if (plan.final_norm) cost += BatchNormCost(plan.output_channels, true);
  const int64_t weights = plan.output_channels * plan.classes;
  return cost + Cost{weights + plan.classes, weights};
}

}  // namespace nap
