#include "nap/model/network_cost.h"

#include <glog/logging.h>

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

// Parameters and multiply-adds. Operations are asked no more than once at a size.
class CostOfParts final : public PartCosts<Cost> {
 public:
  Cost Stem(const NetworkPlan& plan, ImageSize image) override {
    Cost cost;
    for (const ConvolutionShape& shape : Stem::Convolutions(plan)) {
      cost += CostOf(shape, &image) + BatchNormCost(shape.out_channels, true);
    }
    return cost;
  }

  Cost Head(const NetworkPlan& plan, ImageSize /*size*/) override {
    const int64_t weights = plan.output_channels * plan.classes;
    return Cost{weights + plan.classes, weights} +
           BatchNormCost(plan.output_channels, plan.final_norm);
  }

  Cost Input(const CellInputPlan& input, int64_t channels, ImageSize size) override {
    return DefinitionOf(input).cost({input.channels, channels, /*affine=*/true}, size);
  }

  absl::StatusOr<Cost> Operation(const std::string& name, int64_t channels, int64_t stride,
                                 ImageSize size) override {
    const auto [found, is_new] =
        asked_.try_emplace({name, channels, stride, size.height, size.width});
    if (!is_new) return found->second;
    NAP_ASSIGN_OR_RETURN(const OperationDefinition* definition,
                         OperationRegistry::Global().Find(name));
    // Made only to be asked: its weights are thrown away at once.
    found->second = definition->make({channels, stride, /*affine=*/true})->CostAt(size);
    return found->second;
  }

  Cost Cell(const CellTopology& /*topology*/, int64_t /*channels*/, ImageSize /*size*/) override {
    return {};
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

template <typename T>
absl::StatusOr<NetworkCostModel<T>> NetworkCostModel<T>::Create(const NetworkPlan& plan,
                                                                const CandidateSpace& space,
                                                                ImageSize image,
                                                                PartCosts<T>* parts) {
  NetworkCostModel model(plan, space);
  ImageSize early = image, size = image;
  for (const ConvolutionShape& shape : Stem::Convolutions(plan)) {
    early = size;
    size = Strided(size, shape.stride_height);
  }
  const ImageSize stem = size;
  std::vector<ImageSize> outputs;  // of the cells
  for (const CellPlan& cell : plan.cells) {
    const CellTopology& topology = space.cell_types[cell.type];
    CellCosts costs;
    for (const CellInputPlan& input : cell.inputs) {
      const ImageSize source = input.source == CellInputPlan::kStem        ? stem
                               : input.source == CellInputPlan::kEarlyStem ? early
                                                                           : outputs[input.source];
      costs.inputs.push_back(parts->Input(input, cell.channels, source));
      size = Strided(source, DefinitionOf(input).stride);
    }
    const ImageSize inside = Strided(size, cell.stride);
    for (const Edge& edge : topology.edges) {
      for (const CandidateOperation& operation : space.operations) {
        NAP_ASSIGN_OR_RETURN(T cost,
                             parts->Operation(operation.name, cell.channels, edge.stride,
                                              edge.source < topology.num_inputs ? size : inside));
        costs.operations.push_back(std::move(cost));
      }
    }
    costs.rest = parts->Cell(topology, cell.channels, inside);
    model.cells_.push_back(std::move(costs));
    outputs.push_back(inside);
  }
  model.ends_ += parts->Stem(plan, image);
  model.ends_ += parts->Head(plan, outputs.back());
  return model;
}

template <typename T>
T NetworkCostModel<T>::Of(const Genotype& genotype) const {
  std::map<std::string, int> places;
  for (int i = 0; i < space_.NumOperations(); ++i) places[space_.operations[i].name] = i;
  T cost = ends_;
  const std::vector<bool> counts = CellsThatCount(plan_, genotype);
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!counts[i]) continue;
    cost += cells_[i].rest;
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

template <typename T>
T NetworkCostModel<T>::Base() const {
  T base = ends_;
  for (const CellCosts& cell : cells_) base += cell.rest;
  return base;
}

template <typename T>
std::vector<std::vector<T>> NetworkCostModel<T>::InputCosts() const {
  std::vector<std::vector<T>> sums;
  for (const CellTopology& cell : space_.cell_types) sums.emplace_back(cell.num_inputs);
  for (size_t i = 0; i < cells_.size(); ++i) {
    std::vector<T>& of_type = sums[plan_.cells[i].type];
    for (size_t input = 0; input < of_type.size(); ++input) {
      of_type[input] += cells_[i].inputs[input];
    }
  }
  return sums;
}

template <typename T>
CandidateTable<T> NetworkCostModel<T>::CandidateCosts() const {
  CandidateTable<T> table(space_);
  for (size_t i = 0; i < cells_.size(); ++i) {
    std::vector<T>& sums = table.Values(plan_.cells[i].type);
    for (size_t place = 0; place < sums.size(); ++place) {
      sums[place] += cells_[i].operations[place];
    }
  }
  return table;
}

template class NetworkCostModel<Cost>;
template class NetworkCostModel<int64_t>;

absl::StatusOr<NetworkCostModel<Cost>> MakeCostModel(const NetworkPlan& plan,
                                                     const CandidateSpace& space, ImageSize image) {
  CostOfParts parts;
  return NetworkCostModel<Cost>::Create(plan, space, image, &parts);
}

CandidateSpace SpaceOf(const std::vector<CellTopology>& cell_types, const Genotype& genotype) {
  std::set<std::string> names;
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& [name, count] : CountOperations(cell)) names.insert(name);
  }
  CandidateSpace space{cell_types, {}};
  for (const std::string& name : names) space.operations.push_back({name});
  return space;
}

absl::StatusOr<Cost> NetworkCost(const NetworkPlan& plan,
                                 const std::vector<CellTopology>& cell_types,
                                 const Genotype& genotype, ImageSize image) {
  NAP_ASSIGN_OR_RETURN(const auto model, MakeCostModel(plan, SpaceOf(cell_types, genotype), image));
  return model.Of(genotype);
}

}  // namespace nap
