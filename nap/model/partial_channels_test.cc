// Cells of partial channels against PC-DARTS's definition, edge by edge in double precision: a cell
// adds up what edges have in common, this does not.
#include "nap/model/partial_channels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/modules/conv.h>

#include <string>
#include <vector>

#include "nap/engine/agreement_for_tests.h"
#include "nap/model/cell.h"

namespace nap {
namespace {

const std::vector<std::string> kOperations = {"none",         "max_pool_3x3", "avg_pool_3x3",
                                              "skip_connect", "sep_conv_3x3", "dil_conv_5x5"};

struct Setting {
  int64_t channels;
  int64_t k;
  int64_t stride;
  int64_t size;  // of the output
  bool pruned;
};

class PartialCellTest : public testing::TestWithParam<Setting> {
 protected:
  PartialCellTest()
      : setting_(GetParam()),
        topology_(CellTopology::Dense("cell", 2, 3, static_cast<int>(setting_.stride))) {
    const CellInputPlan input{CellInputPlan::kStem, 7, kPointwiseInput};
    plan_ = {0, setting_.channels, setting_.stride, {input, input}};
  }

  bool IsPruned(int edge, int operation) const {
    // Nothing reads input 0 any more; of other edges, one loses all and some lose some.
    return setting_.pruned &&
           (topology_.edges[edge].source == 0 || edge == 4 || (edge + operation) % 3 == 0);
  }

  bool IsAlive(int edge) const {
    return !setting_.pruned || (topology_.edges[edge].source != 0 && edge != 4);
  }

  std::shared_ptr<Cell> MakeCell(int64_t seed, const CellOptions& options, at::ScalarType type) {
    at::manual_seed(seed);
    auto cell = std::make_shared<Cell>(topology_, plan_, kOperations,
                                       CellOptions{options.backend, setting_.k});
    for (int edge = 0; edge < NumEdges(); ++edge) {
      for (int operation = 0; operation < NumOperations(); ++operation) {
        if (IsPruned(edge, operation)) cell->Prune(edge, operation);
      }
    }
    cell->to(type);
    return cell;
  }

  int NumEdges() const { return static_cast<int>(topology_.edges.size()); }
  static int NumOperations() { return static_cast<int>(kOperations.size()); }

  // The strengths are those of operations and of edges.
  std::vector<at::Tensor> Variables(at::ScalarType type) const {
    const int64_t size = setting_.size * setting_.stride - (setting_.stride == 2 ? 1 : 0);
    std::vector<at::Tensor> variables = {
        at::randn({2, 7, size, size}).contiguous(at::MemoryFormat::ChannelsLast),
        at::randn({2, 7, size, size}).contiguous(at::MemoryFormat::ChannelsLast),
        at::randn({NumEdges(), NumOperations()}), at::rand({NumEdges()}) + 0.2};
    for (at::Tensor& variable : variables) variable = variable.to(type).requires_grad_(true);
    return variables;
  }

  // Of an edge's operations; they sum to one.
  at::Tensor Alphas(const at::Tensor& strengths, int edge) const {
    at::Tensor living = at::ones({NumOperations()}, strengths.options());
    for (int k = 0; k < NumOperations(); ++k) {
      if (IsPruned(edge, k)) living[k] = 0;
    }
    return at::softmax(strengths[edge].masked_fill(living.eq(0), -1e30), 0).mul(living);
  }

  at::Tensor Mixing(const std::vector<at::Tensor>& variables) const {
    std::vector<at::Tensor> rows;
    for (int edge = 0; edge < NumEdges(); ++edge) {
      const at::Tensor row = Alphas(variables[2], edge) * variables[3][edge];
      rows.push_back(IsAlive(edge) ? row : row * 0);
    }
    return at::stack(rows);
  }

  static at::Tensor Normalise(const at::Tensor& y) {
    const at::Tensor centred = y - y.mean({0, 2, 3}, true);
    return centred / (centred.square().mean({0, 2, 3}, true) + 1e-5).sqrt();
  }

  // By the definition, from the cell's own modules.
  at::Tensor Define(const Cell& cell, const std::vector<at::Tensor>& variables) const {
    std::vector<at::Tensor> nodes(5);
    for (int i = 0; i < 2; ++i) {
      const auto modules = cell.named_children();
      const auto* input = modules.find("input" + std::to_string(i));
      if (input != nullptr) {
        const auto parts = (*input)->named_children();
        const auto pointwise = std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(parts["pointwise"]);
        nodes[i] = Normalise(pointwise->forward(at::relu(variables[i])));
      }
    }
    const int64_t first = setting_.channels / setting_.k;
    for (int edge = 0; edge < NumEdges(); ++edge) {
      if (!IsAlive(edge)) continue;
      const auto& [source, target, stride] = topology_.edges[edge];
      const at::Tensor alphas = Alphas(variables[2], edge);
      const auto operations =
          cell.named_children()["edge" + std::to_string(edge)]->named_children();
      at::Tensor sum;
      for (int k = 1; k < NumOperations(); ++k) {
        if (IsPruned(edge, k)) continue;
        const auto operation =
            std::dynamic_pointer_cast<Operation>(operations["op" + std::to_string(k)]);
        const at::Tensor y = operation->Forward(nodes[source].narrow(1, 0, first));
        const at::Tensor term = alphas[k] * Normalise(y);
        sum = sum.defined() ? sum + term : term;
      }
      at::Tensor all = sum;
      if (setting_.k > 1) {
        at::Tensor rest = nodes[source].narrow(1, first, setting_.channels - first);
        if (stride == 2) rest = at::max_pool2d(rest, 2, 2, 0, 1, /*ceil_mode=*/true);
        all = at::cat({sum, rest}, 1);
      }
      std::vector<at::Tensor> shuffled;
      for (int64_t i = 0; i < first; ++i) {
        for (int64_t group = 0; group < setting_.k; ++group) {
          shuffled.push_back(all.select(1, group * first + i));
        }
      }
      const at::Tensor output = variables[3][edge] * at::stack(shuffled, 1);
      nodes[target] = nodes[target].defined() ? nodes[target] + output : output;
    }
    return at::cat({nodes[2], nodes[3], nodes[4]}, 1);
  }

  // The output and every gradient.
  NamedTensors Run(int64_t seed, bool define, const CellOptions& options, at::ScalarType type) {
    const auto cell = MakeCell(seed, options, type);
    at::manual_seed(seed + 1000);
    const std::vector<at::Tensor> variables = Variables(type);
    const at::Tensor output = define
                                  ? Define(*cell, variables)
                                  : cell->Forward({variables[0], variables[1]}, Mixing(variables));
    const at::Tensor direction = at::randn(output.sizes()).to(type);
    std::vector<std::string> names = {"output", "input 0", "input 1", "operations", "edges"};
    std::vector<at::Tensor> all = variables;
    for (const auto& parameter : cell->named_parameters()) {
      names.push_back(parameter.key());
      all.push_back(parameter.value());
    }
    std::vector<at::Tensor> values =
        torch::autograd::grad({output}, all, {direction}, c10::nullopt, false, true);
    values.insert(values.begin(), output.detach());
    NamedTensors results;
    for (size_t i = 0; i < values.size(); ++i) results.emplace_back(names[i], values[i]);
    return results;
  }

  void ExpectDefinition(const CellOptions& options, at::ScalarType type, double error) {
    ExpectAgreement(
        [&](int64_t seed) { return Run(seed, /*define=*/false, options, type); },
        [&](int64_t seed) { return Run(seed, /*define=*/true, {"reference"}, at::kDouble); }, error,
        error, "");
  }

  const Setting setting_;
  const CellTopology topology_;
  CellPlan plan_;
};

TEST_P(PartialCellTest, ComposedIsTheDefinition) {
  ExpectDefinition({"reference"}, at::kDouble, 1e-9);
}

TEST_P(PartialCellTest, FusedIsTheDefinition) {
  ExpectDefinition({"fused"}, at::kFloat, 1e-4);
  ExpectDefinition({"fused:recompute=1"}, at::kFloat, 1e-4);
}

// A strength step asks for no gradient of a weight.
TEST_P(PartialCellTest, GivesTheSameMixingGradientsWithoutThoseOfWeights) {
  const auto gradients = [&](bool weights) {
    const auto cell = MakeCell(1, {"fused"}, at::kFloat);
    for (at::Tensor& parameter : cell->parameters()) parameter.requires_grad_(weights);
    at::manual_seed(2);
    const std::vector<at::Tensor> variables = Variables(at::kFloat);
    const at::Tensor output = cell->Forward({variables[0], variables[1]}, Mixing(variables));
    return torch::autograd::grad({output.square().sum()}, {variables[2], variables[3]});
  };
  const auto with = gradients(true), without = gradients(false);
  for (size_t i = 0; i < with.size(); ++i) EXPECT_TRUE(with[i].equal(without[i]));
}

INSTANTIATE_TEST_SUITE_P(All, PartialCellTest,
                         testing::Values(Setting{8, 4, 1, 5, false}, Setting{8, 4, 2, 4, false},
                                         Setting{6, 2, 1, 4, true}, Setting{36, 3, 2, 3, true},
                                         Setting{10, 2, 1, 4, false}, Setting{6, 1, 2, 4, true}),
                         [](const auto& info) {
                           const Setting& setting = info.param;
                           return "C" + std::to_string(setting.channels) + "K" +
                                  std::to_string(setting.k) + "Stride" +
                                  std::to_string(setting.stride) + (setting.pruned ? "Pruned" : "");
                         });

}  // namespace
}  // namespace nap
