#include "nap/model/executor_conformance.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <utility>
#include <vector>

#include "nap/base/parameters_for_tests.h"
#include "nap/engine/agreement_for_tests.h"
#include "nap/engine/executor.h"
#include "nap/model/cell.h"
#include "nap/model/cell_input.h"
#include "nap/model/derived_cell.h"
#include "ops/layers.h"
#include "ops/operation.h"

namespace nap {
namespace {

// An operation of somebody who has never heard of kernels.
class Plain final : public Operation {
 public:
  explicit Plain(const OperationOptions& options)
      : stride_(options.stride),
        weight_(register_parameter("weight", at::randn({options.channels, 1, 1}))),
        norm_(register_module("norm", MakeBatchNorm(options.channels, options.affine))) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    return (norm_->forward(x) * weight_)
        .sigmoid()
        .slice(2, 0, c10::nullopt, stride_)
        .slice(3, 0, c10::nullopt, stride_);
  }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
  torch::Tensor weight_;
  torch::nn::BatchNorm2d norm_;
};

constexpr char kPlain[] = "plain_for_tests";
const bool registered = OperationRegistry::Global().Register(
    kPlain,
    {"a test's", [](const OperationOptions& options) { return std::make_shared<Plain>(options); }});

using Kinds = std::vector<std::string>;

const std::vector<std::string> kMost = {"none",         "max_pool_3x3", "avg_pool_3x3",
                                        "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                                        "nor_conv_3x3", "dil_conv_5x5"};
const std::vector<std::string> kMixed = {kPlain, "skip_connect", "conv_7x1_1x7", "sep_conv_7x7",
                                         "nor_conv_1x1"};

// What cells of both kinds are given.
struct Setting {
  int64_t channels;
  int64_t size;  // of the output
  int64_t batch;
  int64_t stride = 1;
  Kinds inputs = {kFactorizedReduceInput, kPointwiseInput};

  CellPlan Plan() const {
    CellPlan plan{0, channels, stride, {}};
    for (const std::string& kind : inputs) {
      const bool is_first = plan.inputs.empty() && inputs.size() > 1;
      plan.inputs.push_back({CellInputPlan::kStem, is_first ? 5 : channels, kind});
    }
    return plan;
  }
  // With one input the last node alone is the output.
  CellTopology Topology(int nodes) const {
    const int num_inputs = static_cast<int>(inputs.size());
    CellTopology topology =
        CellTopology::Dense("cell", num_inputs, nodes, static_cast<int>(stride));
    if (num_inputs == 1) topology.concat = {nodes};
    return topology;
  }
};

struct SupernetCase {
  std::string what;
  Setting setting;
  std::vector<std::string> operations = kMost;
  bool pruned = false;  // of most operations; the first input is left without readers
  int64_t partial_channels = 1;
  bool weights = true;  // whether their gradients are wanted
};

struct DerivedCase {
  std::string what;
  Setting setting;
  CellGenotype genotype;
  bool drop_path = false;
  bool training = true;
};

struct Given {
  at::Device device;
  at::ScalarType type;
  std::string backend;

  at::Tensor To(const at::Tensor& tensor) const { return tensor.to(device, type); }
};

// What a step of a cell gives: its output, once with and once without gradients, and the gradients
// of `variables` and, if they are wanted, of its weights.
NamedTensors Step(torch::nn::Module* cell, const std::vector<at::Tensor>& inputs,
                  const std::function<at::Tensor()>& forward, NamedTensors variables,
                  bool weights) {
  std::vector<at::Tensor> before;
  for (const at::Tensor& input : inputs) before.push_back(input.detach().clone());
  const at::Tensor output = forward();
  for (const auto& parameter : cell->named_parameters()) {
    if (weights) variables.emplace_back(parameter.key(), parameter.value());
  }
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : variables) tensors.push_back(tensor);
  const at::Tensor direction = at::randn(output.sizes()).to(output);
  const std::vector<at::Tensor> gradients = torch::autograd::grad(
      {output}, tensors, {direction}, c10::nullopt, false, /*allow_unused=*/true);
  NamedTensors values = {{"output", output.detach()}};
  for (size_t i = 0; i < gradients.size(); ++i) {
    values.emplace_back("gradient of " + variables[i].first, gradients[i]);
  }
  const at::NoGradGuard no_grad;
  values.emplace_back("output without gradients", forward());
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_TRUE(inputs[i].equal(before[i])) << "an input was changed (ExecutableCell::Forward in "
                                               "nap/engine/executor.h)";
  }
  return values;
}

std::vector<at::Tensor> Inputs(const Setting& setting, const Given& given,
                               NamedTensors* variables) {
  std::vector<at::Tensor> inputs;
  for (const CellInputPlan& input : setting.Plan().inputs) {
    const int64_t stride = DefinitionOf(input).stride;
    const int64_t width = setting.size * setting.stride * stride - (stride - 1);
    inputs.push_back(given
                         .To((at::randn({setting.batch, input.channels, width, width}) + 0.5)
                                 .contiguous(at::MemoryFormat::ChannelsLast))
                         .requires_grad_(true));
    variables->emplace_back(absl::StrCat("input ", variables->size()), inputs.back());
  }
  return inputs;
}

NamedTensors OnCpu(NamedTensors values) {
  for (auto& [name, value] : values) {
    if (value.defined()) value = value.cpu();
  }
  return values;
}

NamedTensors Run(const SupernetCase& c, int64_t seed, const Given& given) {
  at::manual_seed(seed);
  const CellTopology topology = c.setting.Topology(c.setting.inputs.size() == 1 ? 3 : 4);
  Cell cell(topology, c.setting.Plan(), c.operations, {given.backend, c.partial_channels});
  const int num_edges = static_cast<int>(topology.edges.size());
  const int num_operations = static_cast<int>(c.operations.size());
  for (int edge = 0; c.pruned && edge < num_edges; ++edge) {
    for (int operation = 0; operation < num_operations; ++operation) {
      if ((c.setting.inputs.size() > 1 && topology.edges[edge].source == 0) ||
          (edge + operation) % 3 != 0) {
        cell.Prune(edge, operation);
      }
    }
  }
  cell.to(given.device, given.type);
  for (at::Tensor& parameter : cell.parameters()) parameter.requires_grad_(c.weights);
  NamedTensors variables;
  const std::vector<at::Tensor> inputs = Inputs(c.setting, given, &variables);
  const at::Tensor mixing =
      given.To(at::rand({num_edges, num_operations}) + 0.1).requires_grad_(true);
  variables.emplace_back("the mixing weights", mixing);
  return OnCpu(Step(
      &cell, inputs, [&] { return cell.Forward(inputs, mixing); }, variables, c.weights));
}

NamedTensors Run(const DerivedCase& c, int64_t seed, const Given& given) {
  at::manual_seed(seed);
  DerivedCell cell(c.setting.Topology(static_cast<int>(c.genotype.nodes.size())), c.setting.Plan(),
                   c.genotype, {given.backend});
  {
    // Scales and shifts, and statistics, that are not those of a new network.
    const at::NoGradGuard no_grad;
    for (at::Tensor& parameter : cell.parameters()) {
      if (parameter.dim() == 1) parameter.copy_(at::randn(parameter.sizes()));
    }
    for (at::Tensor& buffer : cell.buffers()) {
      if (buffer.dim() == 1) buffer.copy_(at::rand(buffer.sizes()) + 0.5);
    }
  }
  cell.train(c.training);
  cell.to(given.device, given.type);
  NamedTensors values;
  for (int step = 0; step < 2; ++step) {
    NamedTensors variables;
    const std::vector<at::Tensor> inputs = Inputs(c.setting, given, &variables);
    at::Tensor drop_path;
    if (c.drop_path) {
      drop_path = given.To((at::rand({cell.NumPaths(), c.setting.batch}) < 0.7)) / 0.7;
    }
    for (auto& value : Step(
             &cell, inputs, [&] { return cell.Forward(inputs, drop_path); }, variables,
             /*weights=*/true)) {
      values.push_back(std::move(value));
    }
  }
  for (const auto& buffer : cell.named_buffers()) {
    values.emplace_back(buffer.key(), buffer.value().clone());
  }
  return OnCpu(std::move(values));
}

std::vector<SupernetCase> SupernetCases() {
  return {
      {"a cell", {16, 5, 3}},
      {"a reduction cell", {16, 4, 3, 2}},
      {"a cell of which no weight's gradient is wanted", {16, 5, 3}, kMost, false, 1, false},
      {"a cell of 3 channels with an operation that has no stages", {3, 3, 4}, kMixed},
      {"a reduction cell of 36 channels with such an operation", {36, 3, 1, 2}, kMixed},
      {"a pruned cell", {16, 5, 3}, kMost, /*pruned=*/true},
      {"a pruned reduction cell of 5 channels", {5, 3, 3, 2}, kMixed, /*pruned=*/true},
      {"a cell of partial channels", {8, 5, 4}, kMost, false, /*partial_channels=*/2},
      {"a pruned reduction cell of partial channels", {8, 3, 4, 2}, kMost, true, 2},
      {"a cell behind its input as it is", {16, 5, 3, 1, {kIdentityInput}}},
      {"a pruned cell behind a residual block",
       {5, 5, 3, 1, {kResidualBlockInput}},
       kMost,
       /*pruned=*/true},
  };
}

std::vector<DerivedCase> DerivedCases() {
  const CellGenotype everything{"cell",
                                {{{"sep_conv_3x3", 0}, {"skip_connect", 1}},
                                 {{"max_pool_3x3", 0}, {"avg_pool_3x3", 1}, {"dil_conv_5x5", 2}},
                                 {{"conv_7x1_1x7", 1}, {"nor_conv_1x1", 2}, {"sep_conv_5x5", 3}},
                                 {{kPlain, 0}, {"nor_conv_3x3", 3}, {"skip_connect", 4}}},
                                {2, 3, 4, 5}};
  const CellGenotype half{"cell", {{{"dil_conv_3x3", 1}}, {{"skip_connect", 2}}}, {3}};
  const CellGenotype empty{"cell", {{}, {{"skip_connect", 2}, {"sep_conv_3x3", 1}}}, {2, 3}};
  const CellGenotype nowhere{
      "cell",
      {{{"nor_conv_3x3", 0}, {"nor_conv_1x1", 1}}, {{"nor_conv_1x1", 0}, {"avg_pool_3x3", 1}}},
      {3}};
  const CellGenotype twice{"cell",
                           {{{"sep_conv_3x3", 0}, {"sep_conv_3x3", 0}, {"skip_connect", 1}},
                            {{"avg_pool_3x3", 0}, {"avg_pool_3x3", 0}, {"dil_conv_5x5", 2}},
                            {{"skip_connect", 3}, {"skip_connect", 3}}},
                           {4, 3}};
  return {
      {"a derived cell", {16, 5, 3}, everything},
      {"a derived cell of 3 channels with drop path", {3, 7, 4}, everything, /*drop_path=*/true},
      {"a derived cell of 36 channels", {36, 6, 1}, everything},
      {"a derived reduction cell with drop path", {16, 3, 4, 2}, everything, /*drop_path=*/true},
      {"a derived cell in evaluation", {16, 5, 3}, everything, false, /*training=*/false},
      {"a derived reduction cell in evaluation", {3, 4, 1, 2}, everything, false, false},
      {"a derived cell with an input that nothing reads", {16, 5, 3}, half},
      {"a derived cell with a node without inputs", {6, 5, 3}, empty},
      {"a derived reduction cell with a node without inputs", {6, 5, 3, 2}, empty},
      {"a derived cell with a node that leads nowhere", {16, 5, 3}, nowhere},
      {"a derived cell with an operation twice on an edge", {6, 5, 3}, twice},
      {"a derived reduction cell with an operation twice on an edge and drop path",
       {6, 5, 3, 2},
       twice,
       /*drop_path=*/true},
      {"a derived cell behind a residual block and an input as it is",
       {16, 5, 3, 1, {kResidualBlockInput, kIdentityInput}},
       everything},
  };
}

template <typename Case>
bool Agree(const std::vector<Case>& cases, const Given& given,
           const ExecutorConformance& conformance) {
  for (const Case& c : cases) {
    const bool agree =
        ExpectAgreement([&](int64_t seed) { return Run(c, seed, given); },
                        [&](int64_t seed) {
                          return Run(c, seed, {at::kCPU, at::kDouble, "reference"});
                        },
                        conformance.output_error, conformance.gradient_error,
                        absl::StrCat("executor ", given.backend, ", in ", c.what,
                                     " (nap/engine/cell_graph.h says what is to be computed): "));
    if (!agree) return false;
  }
  return true;
}

void ExpectEqual(const NamedTensors& one, const NamedTensors& other, const std::string& what) {
  ASSERT_EQ(one.size(), other.size());
  for (size_t i = 0; i < one.size(); ++i) {
    if (!one[i].second.defined()) continue;
    EXPECT_TRUE(one[i].second.equal(other[i].second)) << what << one[i].first;
  }
}

// LibTorch's operators may add in another order, so these are operations with stages.
template <typename Case>
void ExpectSameBits(const Case& c, const Given& given, const ExecutorConformance& conformance) {
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const NamedTensors one = Run(c, 1, given);
  for (const int threads : {2, 3}) {
    if (!conformance.same_bits) break;
    at::set_num_threads(threads);
    ExpectEqual(one, Run(c, 1, given),
                absl::StrCat("other bits with ", threads,
                             " threads than with one (same_bits in "
                             "nap/model/executor_conformance.h): "));
  }
  at::set_num_threads(1);
  if (const std::string& other = conformance.same_bits_as; !other.empty()) {
    ExpectEqual(one, Run(c, 1, {given.device, given.type, other}),
                absl::StrCat("other bits than ", other,
                             " has (same_bits_as in nap/model/executor_conformance.h): "));
  }
  at::set_num_threads(before);
}

}  // namespace

void ExpectExecutorConforms(const std::string& text, const ExecutorConformance& conformance) {
  const auto [name, parameters] = SplitName(text);
  const auto found = ExecutorRegistry::Global().Find(name);
  ASSERT_TRUE(found.ok()) << found.status().message();
  const absl::Status valid = ValidateBackend(text);
  ASSERT_TRUE(valid.ok()) << valid.message();
  const Given given{conformance.device, conformance.type, text};
  ASSERT_TRUE((*found)->supports(given.To(at::zeros({1, 1, 1, 1}))))
      << "executor " << name << " does not support such tensors, which are then the reference's: "
      << "say by ExecutorConformance which it does (ExecutorDefinition::supports in "
         "nap/engine/executor.h)";
  if (!Agree(SupernetCases(), given, conformance)) return;
  if (!Agree(DerivedCases(), given, conformance)) return;
  const auto valid_with = [name = name](const std::string& given_parameters) {
    return ValidateBackend(WithParameters(name, given_parameters));
  };
  ExpectParametersConform(
      (*found)->parameters, parameters, valid_with, [&](const std::string& least) {
        if (!valid_with(least).ok()) return false;
        const Given with{conformance.device, conformance.type, WithParameters(name, least)};
        return Agree(std::vector<SupernetCase>{SupernetCases().front()}, with, conformance);
      });
  if (!conformance.same_bits && conformance.same_bits_as.empty()) return;
  for (const int64_t stride : {1, 2}) {
    const Setting setting{16, 9, 20, stride};
    std::vector<std::string> operations = {"max_pool_3x3", "avg_pool_3x3", "skip_connect",
                                           "sep_conv_3x3", "dil_conv_5x5", "nor_conv_1x1"};
    if (stride == 1) operations.emplace_back("nor_conv_3x3");  // which has stages there only
    ExpectSameBits(SupernetCase{"", setting, operations}, given, conformance);
    ExpectSameBits(DerivedCase{"",
                               setting,
                               {"cell",
                                {{{"sep_conv_3x3", 0}, {"skip_connect", 1}},
                                 {{"max_pool_3x3", 0}, {"avg_pool_3x3", 1}, {"dil_conv_5x5", 2}}},
                                {2, 3}},
                               /*drop_path=*/true},
                   given, conformance);
  }
}

}  // namespace nap
