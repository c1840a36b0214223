// All executors conform; and of each promise, one that breaks it is found out.
#include "nap/model/executor_conformance.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/failures_for_tests.h"
#include "nap/engine/executor.h"

namespace nap {
namespace {

class ExecutorConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(ExecutorConformanceTest, Conforms) {
  ExecutorConformance conformance;
  // LibTorch's operators promise none.
  conformance.same_bits = GetParam() != "reference" && GetParam() != "grouped";
  ExpectExecutorConforms(GetParam(), conformance);
}

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, ExecutorConformanceTest,
                         testing::ValuesIn(ExecutorRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

TEST(FusedTest, ConformsWhenItRecomputes) {
  ExecutorConformance conformance;
  conformance.same_bits_as = "fused";
  ExpectExecutorConforms("fused:recompute=1", conformance);
}

TEST(ComposedTest, ConformsInDoublePrecision) {
  ExecutorConformance conformance;
  conformance.type = at::kDouble;
  conformance.same_bits = false;
  conformance.output_error = conformance.gradient_error = 1e-12;
  ExpectExecutorConforms("reference", conformance);
  ExpectExecutorConforms("grouped", conformance);
}

enum class Fault {
  kOutput,
  kOrderOfMixing,
  kMixingGradient,
  kInputGradient,
  kDropPath,
  kStatistics,
  kChangesInput,
  kThreads,
  kParameter,
};

// The reference, but for one thing.
class Faulty final : public ExecutableCell {
 public:
  Faulty(const std::shared_ptr<const CellGraph>& graph, Fault fault, double factor)
      : fault_(fault), factor_(factor) {
    auto changed = std::make_shared<CellGraph>(*graph);
    int next = 0;
    for (CellTerm& term : changed->terms) {
      // As if all candidates lived.
      if (fault == Fault::kOrderOfMixing && term.weight >= 0) term.weight = next++;
    }
    cell_ = MakeExecutableCell("reference", changed);
  }

  at::Tensor Forward(const std::vector<at::Tensor>& inputs,
                     const CellFactors& factors) const override {
    CellFactors own = factors;
    std::vector<at::Tensor> own_inputs = inputs;
    if (fault_ == Fault::kMixingGradient && own.mixing.defined()) own.mixing = own.mixing.detach();
    if (fault_ == Fault::kInputGradient) own_inputs.back() = own_inputs.back().detach();
    if (fault_ == Fault::kDropPath) own.drop_path = at::Tensor();
    if (fault_ == Fault::kStatistics) {
      const at::NoGradGuard no_grad;
      cell_->Forward(own_inputs, own);
    }
    at::Tensor y = cell_->Forward(own_inputs, own);
    if (fault_ == Fault::kOutput) y = y * 1.001;
    if (fault_ == Fault::kParameter) y = y * factor_;
    if (fault_ == Fault::kThreads) y = y * (1 + 1e-6 * at::get_num_threads());
    if (fault_ == Fault::kChangesInput) inputs.back().data().mul_(2);
    return y;
  }

 private:
  const Fault fault_;
  const double factor_;
  std::unique_ptr<ExecutableCell> cell_;
};

std::string Register(Fault fault, bool supports = true) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  ExecutorRegistry::Global().Register(
      name, {"a test's",
             [supports](const at::Tensor&) { return supports; },
             [fault](const std::shared_ptr<const CellGraph>& graph, const ParameterValues& values) {
               return std::make_unique<Faulty>(graph, fault, values.Number("factor"));
             },
             {Parameter::Number("factor", 1, 0.5, "of outputs")}});
  return name;
}

void ExpectFound(Fault fault, const std::string& text) {
  const std::string name = Register(fault);
  ExpectFailure([&] { ExpectExecutorConforms(name); }, text);
}

TEST(FaultyExecutorTest, IsFoundByItsValues) {
  ExpectFound(Fault::kOutput,
              "in a cell (nap/engine/cell_graph.h says what is to be computed): "
              "output");
  ExpectFound(Fault::kOrderOfMixing, "gradient of the mixing weights");
  ExpectFound(Fault::kMixingGradient, "gradient of the mixing weights");
  ExpectFound(Fault::kInputGradient, "gradient of input 1");
  ExpectFound(Fault::kDropPath, "in a derived cell of 3 channels with drop path");
  ExpectFound(Fault::kStatistics, "running_mean");
}

TEST(FaultyExecutorTest, IsFoundByWhatItDoesBesides) {
  ExpectFound(Fault::kChangesInput, "an input was changed");
  ExpectFound(Fault::kThreads, "other bits with 2 threads than with one");
  ExpectFound(Fault::kParameter, "the least value that it allows, 0.5, does not work");
  const std::string name = Register(Fault::kThreads);
  ExecutorConformance conformance;
  conformance.same_bits_as = "reference";
  ExpectFailure([&] { ExpectExecutorConforms(name, conformance); },
                "other bits than reference has");
}

TEST(FaultyExecutorTest, IsFoundByWhatItSupports) {
  const std::string name = Register(Fault::kOutput, /*supports=*/false);
  ExpectFailure([&] { ExpectExecutorConforms(name); }, "does not support such tensors");
}

}  // namespace
}  // namespace nap
