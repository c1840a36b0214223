// All search spaces conform; and of each promise, one that breaks it is found out.
#include "nap/model/search_space_conformance.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/failures_for_tests.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

class SearchSpaceConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(SearchSpaceConformanceTest, Conforms) { ExpectSearchSpaceConforms(GetParam()); }

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, SearchSpaceConformanceTest,
                         testing::ValuesIn(SearchSpaceRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

// Cells of one input and two nodes, one after the other.
struct Chain final : SearchSpace {
  const std::vector<CellTopology>& cell_types() const override { return types; }
  const std::vector<std::string>& operations() const override { return names; }
  int operations_per_cell() const override { return kept; }
  NetworkOptions usual_network(StemKind stem) const override { return {4, usual, 3, 10, stem}; }
  absl::StatusOr<NetworkPlan> PlanWith(const NetworkOptions& options,
                                       const std::vector<CellTopology>&) const override {
    if (checks) NAP_RETURN_IF_ERROR(ValidateNetwork("chain", options));
    if (options.cells < 1) return absl::Status(refusal, "the chain needs a cell");
    NetworkPlan plan{options.stem,   options.image_channels, options.channels, {}, 0,
                     options.classes};
    CellInputPlan input{CellInputPlan::kStem, options.channels, kPointwiseInput};
    for (int64_t i = 0; i < options.cells; ++i) {
      plan.cells.push_back({/*type=*/0, options.channels, /*stride=*/1, {input}});
      input = {static_cast<int>(i), 2 * options.channels, kPointwiseInput};
    }
    plan.output_channels = input.channels;
    change(&plan);
    return plan;
  }

  std::vector<CellTopology> types = {CellTopology::Dense("cell", 1, 2, 1)};
  std::vector<std::string> names = {"none", "skip_connect", "nor_conv_3x3"};
  int kept = 2;
  int64_t usual = 5;
  bool checks = true;
  bool reads_its_text = true;
  std::string ToText(const Genotype& genotype) const override {
    return reads_its_text ? SearchSpace::ToText(genotype) : "chain";
  }
  absl::StatusCode refusal = absl::StatusCode::kInvalidArgument;
  std::function<void(NetworkPlan*)> change = [](NetworkPlan*) {};
};

std::string Register(const std::function<void(Chain*)>& change) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  SearchSpaceDefinition definition;
  definition.make = [change](const ParameterValues&) {
    auto chain = std::make_unique<Chain>();
    change(chain.get());
    return chain;
  };
  SearchSpaceRegistry::Global().Register(name, std::move(definition));
  return name;
}

void ExpectFound(const std::function<void(Chain*)>& change, const std::string& text) {
  const std::string name = Register(change);
  ExpectFailure([&] { ExpectSearchSpaceConforms(name); }, text);
}

void ExpectPlanFound(const std::function<void(NetworkPlan*)>& change, const std::string& text) {
  ExpectFound([&](Chain* chain) { chain->change = change; }, text);
}

TEST(FaultySearchSpaceTest, AllIsWellWithoutAFault) {
  ExpectSearchSpaceConforms(Register([](Chain*) {}));
}

TEST(FaultySearchSpaceTest, IsFoundByItsCells) {
  ExpectFound([](Chain* c) { std::swap(c->types[0].edges[0], c->types[0].edges[1]); },
              "must stand before 0 -> 2");
  ExpectFound([](Chain* c) { std::swap(c->types[0].edges[2].source, c->types[0].edges[2].target); },
              "its edge 2 -> 1 does not come from a node before its target");
  ExpectFound([](Chain* c) { c->types[0].edges.erase(c->types[0].edges.begin()); },
              "no edge leads to its node 1");
  ExpectFound([](Chain* c) { c->types[0].edges[2].stride = 2; }, "only edges that leave inputs");
  ExpectFound([](Chain* c) { c->types[0].concat = {0}; }, "its output is made of [0]");
  ExpectFound([](Chain* c) { c->names[1] = "x"; }, "unknown operation 'x'");
  ExpectFound([](Chain* c) { c->names = {"none"}; }, "beside the zero operation");
  ExpectFound([](Chain* c) { c->names = {"nor_conv_3x3", "nor_conv_3x3"}; }, "is there twice");
  ExpectFound([](Chain* c) { c->types.clear(); }, "it has no cell types");
  ExpectFound([](Chain* c) { c->types.push_back(c->types[0]); }, "two cell types are called");
  ExpectFound([](Chain* c) { c->kept = 1; }, "operations_per_cell is 1");
}

TEST(FaultySearchSpaceTest, IsFoundByItsText) {
  ExpectFound([](Chain* c) { c->reads_its_text = false; }, "FromText does not read");
}

TEST(FaultySearchSpaceTest, IsFoundByItsPlans) {
  ExpectFound([](Chain* c) { c->checks = false; }, "Plan must refuse");
  ExpectFound([](Chain* c) { c->refusal = absl::StatusCode::kInternal; },
              "Plan refuses by InvalidArgument");
  ExpectFound(
      [](Chain* c) {
        c->types = {CellTopology::Dense("cell", 2, 2, 1)};
        c->change = [](NetworkPlan* plan) {
          for (CellPlan& cell : plan->cells) cell.inputs.push_back(cell.inputs[0]);
          plan->cells[0].inputs[1].kind = kFactorizedReduceInput;
        };
      },
      "has inputs of different sizes");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells[0].channels = 0; }, "has 0 channels");
  ExpectFound([](Chain* c) { c->usual = 0; }, "Plan refuses it");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells.push_back(plan->cells[0]); },
                  "number of cells");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells.back().type = 1; }, "is of type 1");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells.back().inputs.clear(); }, "has 0 inputs");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells[0].inputs[0].source = 0; },
                  "which is no earlier cell and no stem");
  ExpectPlanFound([](NetworkPlan* plan) { ++plan->cells.back().inputs[0].channels; },
                  "channels of source");
  ExpectPlanFound(
      [](NetworkPlan* plan) {
        if (plan->cells.size() > 1) plan->cells[1].inputs[0].kind = kIdentityInput;
      },
      "whose channels are not its own");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells[0].inputs[0].kind = "teleport"; },
                  "has an unknown cell input 'teleport'; known: ");
  ExpectPlanFound([](NetworkPlan* plan) { plan->cells[0].stride = 2; }, "has stride 2");
  ExpectPlanFound([](NetworkPlan* plan) { ++plan->output_channels; }, "output_channels is");
  ExpectFound([](Chain* c) { c->types.push_back(CellTopology::Dense("other", 1, 2, 1)); },
              "a cell type is in no place");
}

}  // namespace
}  // namespace nap
