// A whole supernet by the kernels against the same supernet composed of LibTorch's operators in
// double precision.

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <iterator>

#include "nap/engine/agreement_for_tests.h"
#include "nap/model/supernet.h"

namespace nap {
namespace {

// An operation of somebody who has never heard of kernels.
class Plain final : public Operation {
 public:
  explicit Plain(const OperationOptions& options)
      : stride_(options.stride),
        weight_(register_parameter("weight", at::randn({options.channels, 1, 1}))) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    return (x * weight_)
        .sigmoid()
        .slice(2, 0, c10::nullopt, stride_)
        .slice(3, 0, c10::nullopt, stride_);
  }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
  torch::Tensor weight_;
};

const bool registered = OperationRegistry::Global().Register(
    "plain",
    {"a test's", [](const OperationOptions& options) { return std::make_shared<Plain>(options); }});

struct Setting {
  int64_t channels;
  int64_t cells;
  int64_t size;
  int64_t batch;
  std::vector<std::string> operations;  // empty: the search space's own
  std::string space = "darts";
};

struct Result {
  at::Tensor logits;
  NamedTensors gradients;
};

class FusedSupernetTest : public testing::Test {
 protected:
  void Create(const Setting& setting) {
    at::manual_seed(5);
    const auto search_space = *MakeSearchSpace(setting.space);
    space_ = {};
    space_.cells = search_space->cell_types();
    std::vector<std::string> names = setting.operations;
    if (names.empty()) names = search_space->operations();
    for (const std::string& name : names) space_.operations.push_back({name, name == "none"});
    plan_ = *search_space->Plan({setting.channels, setting.cells, 3, 10});
    reference_ = std::make_shared<Supernet>(plan_, space_, CellOptions{"reference", false});
    images_ = at::randn({setting.batch, 3, setting.size, setting.size})
                  .contiguous(at::MemoryFormat::ChannelsLast);
    mixing_.clear();
    for (const CellTopology& cell : space_.cells) {
      mixing_.push_back(
          at::rand({static_cast<int64_t>(cell.edges.size()), static_cast<int64_t>(names.size())}) +
          0.1);
    }
    direction_ = at::randn({setting.batch, 10});
    batch_ = setting.batch;
  }

  // The same weights in another supernet.
  std::shared_ptr<Supernet> Copy(const CellOptions& options, at::ScalarType type) {
    auto copy = std::make_shared<Supernet>(plan_, space_, options);
    for (const CandidateId& id : pruned_) copy->Prune(id);
    const auto from = reference_->named_parameters();
    for (auto& parameter : copy->named_parameters()) {
      parameter.value().data().copy_(from[parameter.key()]);
    }
    copy->to(type);
    return copy;
  }

  void Prune(const CandidateId& id) {
    pruned_.push_back(id);
    reference_->Prune(id);
  }

  void PruneMost() {
    for (int cell = 0; cell < 2; ++cell) {
      for (int edge = 0; edge < 14; ++edge) {
        for (int operation = 0; operation < 8; ++operation) {
          // The first cell input is left without readers.
          const bool reads_first = edge == 0 || edge == 2 || edge == 5 || edge == 9;
          if (reads_first || (edge + operation) % 3 != 0) Prune({cell, edge, operation});
        }
      }
    }
  }

  Result Run(Supernet& supernet, bool weights, at::ScalarType type) {
    std::vector<at::Tensor> mixing;
    for (const at::Tensor& table : mixing_) {
      mixing.push_back(table.detach().to(type).requires_grad_(true));
    }
    for (at::Tensor& parameter : supernet.parameters()) parameter.requires_grad_(weights);
    Result result{supernet.Forward(images_.to(type), mixing), {}};
    (result.logits * direction_.to(type)).sum().backward();
    for (size_t i = 0; i < mixing.size(); ++i) {
      result.gradients.emplace_back("mixing" + std::to_string(i), mixing[i].grad());
    }
    if (!weights) return result;
    for (const auto& parameter : supernet.named_parameters()) {
      result.gradients.emplace_back(parameter.key(), parameter.value().grad());
    }
    return result;
  }

  static double Median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
  }

  // In a deep network rounding moves some pixel to the other side of a ReLU, which changes some
  // gradients by a finite amount. So the errors are measured by those of the composition in
  // float32 on the same network; the cells' own test is the strict one.
  void ExpectAgreement(bool weights, const CellOptions& options) {
    const Result wanted = Run(*Copy({"reference", false}, at::kDouble), weights, at::kDouble);
    const Result single = Run(*Copy({"reference", false}, at::kFloat), weights, at::kFloat);
    const Result found = Run(*Copy(options, at::kFloat), weights, at::kFloat);
    EXPECT_LE(RelativeError(found.logits, wanted.logits),
              std::max(1e-5, 3 * RelativeError(single.logits, wanted.logits)));
    ASSERT_EQ(found.gradients.size(), wanted.gradients.size());
    std::vector<double> errors, single_errors;
    for (size_t i = 0; i < wanted.gradients.size(); ++i) {
      const auto& [name, gradient] = wanted.gradients[i];
      ASSERT_TRUE(found.gradients[i].second.defined()) << name;
      ASSERT_EQ(found.gradients[i].second.sizes(), gradient.sizes()) << name;
      errors.push_back(RelativeError(found.gradients[i].second, gradient));
      single_errors.push_back(RelativeError(single.gradients[i].second, gradient));
      EXPECT_LE(errors.back(), 0.2) << name;
    }
    EXPECT_LE(Median(errors), std::max(1e-4, 3 * Median(single_errors)));
  }

  // A cell of the plan on random inputs that are `size` pixels wide where the output is.
  // Returns the output and every gradient.
  NamedTensors RunCell(size_t index, int64_t size, int64_t seed, const CellOptions& options,
                       at::ScalarType type) {
    at::manual_seed(seed);
    const CellPlan& plan = plan_.cells[index];
    std::vector<std::string> operations;
    for (const CandidateOperation& operation : space_.operations) {
      operations.push_back(operation.name);
    }
    Cell cell(space_.cells[plan.type], plan, operations, options);
    for (const CandidateId& id : pruned_) {
      if (id.cell == plan.type) cell.Prune(id.edge, id.operation);
    }
    std::vector<at::Tensor> variables;
    std::vector<std::string> names = {"output"};
    for (const CellInputPlan& input : plan.inputs) {
      names.push_back("input " + std::to_string(names.size() - 1));
      const int64_t width = size * plan.stride * StrideOf(input.kind);
      variables.push_back(at::randn({batch_, input.channels, width, width})
                              .contiguous(at::MemoryFormat::ChannelsLast));
    }
    variables.push_back(mixing_[plan.type]);
    for (at::Tensor& variable : variables) variable = variable.to(type).requires_grad_(true);
    cell.to(type);
    names.emplace_back("mixing");
    std::vector<at::Tensor> all = variables;
    for (const auto& parameter : cell.named_parameters()) {
      names.push_back(parameter.key());
      all.push_back(parameter.value());
    }
    const at::Tensor output =
        cell.Forward({variables.begin(), std::prev(variables.end())}, variables.back());
    const at::Tensor direction = at::randn(output.sizes()).to(type);
    std::vector<at::Tensor> values = torch::autograd::grad({output}, all, {direction}, c10::nullopt,
                                                           false, /*allow_unused=*/true);
    values.insert(values.begin(), output.detach());
    NamedTensors results;
    for (size_t i = 0; i < values.size(); ++i) results.emplace_back(names[i], values[i]);
    return results;
  }

  void ExpectExactCells(int64_t size, const CellOptions& options) {
    const CellOptions composed{"reference", false, options.partial_channels};
    for (size_t cell = 0; cell < plan_.cells.size(); ++cell) {
      nap::ExpectAgreement(
          [&](int64_t seed) { return RunCell(cell, size, seed, options, at::kFloat); },
          [&](int64_t seed) { return RunCell(cell, size, seed, composed, at::kDouble); }, 1e-5,
          1e-4, "cell " + std::to_string(cell) + " ");
    }
  }

  CandidateSpace space_;
  NetworkPlan plan_;
  std::shared_ptr<Supernet> reference_;
  std::vector<CandidateId> pruned_;
  int64_t batch_ = 0;
  at::Tensor images_, direction_;
  std::vector<at::Tensor> mixing_;
};

TEST_F(FusedSupernetTest, AgreesInAWeightStep) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(true, {"fused", false});
}

TEST_F(FusedSupernetTest, AgreesInAStrengthStep) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(false, {"fused", false});
}

TEST_F(FusedSupernetTest, AgreesWhenItRecomputes) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(true, {"fused", true});
}

TEST_F(FusedSupernetTest, AgreesOnOddSizesAndChannels) {
  Create({5, 3, 13, 3, {}});
  ExpectAgreement(true, {"fused", false});
}

TEST_F(FusedSupernetTest, AgreesWithOperationsThatHaveNoKernels) {
  Create({6, 3, 12, 3, {"plain", "skip_connect", "conv_7x1_1x7", "sep_conv_7x7", "dil_conv_5x5"}});
  ExpectAgreement(true, {"fused", false});
  ExpectAgreement(false, {"fused", true});
}

TEST_F(FusedSupernetTest, AgreesWhenPruned) {
  Create({16, 4, 16, 4, {}});
  PruneMost();
  ExpectAgreement(true, {"fused", false});
}

TEST_F(FusedSupernetTest, HasExactCells) {
  Create({16, 4, 32, 3, {}});
  ExpectExactCells(5, {"fused", false});
}

TEST_F(FusedSupernetTest, HasExactCellsOfOddChannels) {
  Create({3, 4, 32, 4, {"plain", "skip_connect", "max_pool_3x3", "sep_conv_7x7", "dil_conv_5x5"}});
  ExpectExactCells(3, {"fused", false});
  Create({36, 3, 32, 1, {}});
  ExpectExactCells(7, {"fused", true});
}

TEST_F(FusedSupernetTest, HasExactCellsWhenPruned) {
  Create({16, 4, 16, 4, {}});
  PruneMost();
  ExpectExactCells(5, {"fused", false});
}

// Half of the channels bypass the operations; the sums of these are narrower than the nodes.
TEST_F(FusedSupernetTest, HasExactCellsOfPartialChannels) {
  Create({8, 4, 32, 4, {}});
  ExpectExactCells(5, {"fused", false, 2});
  PruneMost();
  ExpectExactCells(5, {"fused", true, 2});
}

// Residual blocks, inputs as they are, one node as the output.
TEST_F(FusedSupernetTest, AgreesInNasBench201) {
  Create({16, 3, 16, 4, {}, "nas_bench_201"});
  ExpectAgreement(true, {"fused", false});
  ExpectAgreement(false, {"fused", true});
  Create({5, 3, 13, 3, {}, "nas_bench_201"});
  ExpectAgreement(true, {"fused", false});
}

TEST_F(FusedSupernetTest, HasExactCellsInNasBench201) {
  Create({16, 3, 32, 3, {}, "nas_bench_201"});
  ExpectExactCells(5, {"fused", false});
  // One operation an edge.
  for (int edge = 0; edge < 6; ++edge) {
    for (int operation = 0; operation < 5; ++operation) {
      if (operation != 1 + edge % 4) Prune({0, edge, operation});
    }
  }
  ExpectExactCells(5, {"fused", false});
}

// Of a cell: what LibTorch computes before and behind the cells may add in another order.
TEST_F(FusedSupernetTest, GivesTheSameBitsWithAnyNumberOfThreads) {
  Create({16, 4, 9, 20, {}});
  const int before = at::get_num_threads();
  for (size_t cell = 0; cell < plan_.cells.size(); ++cell) {
    const auto run = [&](int threads) {
      at::set_num_threads(threads);
      return RunCell(cell, 9, 1, {"fused", false}, at::kFloat);
    };
    const auto one = run(1);
    for (int threads : {2, 3}) {
      const auto more = run(threads);
      for (size_t i = 0; i < one.size(); ++i) {
        EXPECT_TRUE(one[i].second.equal(more[i].second)) << one[i].first;
      }
    }
  }
  at::set_num_threads(before);
}

TEST_F(FusedSupernetTest, RunsBackwardOnce) {
  Create({4, 3, 8, 2, {}});
  const auto supernet = Copy({"fused", false}, at::kFloat);
  const at::Tensor sum = supernet->Forward(images_, mixing_).sum();
  sum.backward({}, /*retain_graph=*/true);
  EXPECT_THROW(sum.backward(), c10::Error);
}

TEST_F(FusedSupernetTest, NeedsNoGradients) {
  Create({16, 3, 8, 2, {}});
  at::NoGradGuard no_gradients;
  const auto wanted = Copy({"reference", false}, at::kFloat)->Forward(images_, mixing_);
  const auto found = Copy({"fused", false}, at::kFloat)->Forward(images_, mixing_);
  EXPECT_LE(RelativeError(found, wanted.to(at::kDouble)), 1e-5);
}

}  // namespace
}  // namespace nap
