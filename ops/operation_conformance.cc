#include "ops/operation_conformance.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/serialize/archive.h>

#include <exception>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include "nap/runtime/numerical_gradient_for_tests.h"
#include "nap/runtime/threads.h"
#include "ops/kernels/kernel_test_util.h"
#include "ops/operation.h"
#include "ops/operation_case_for_tests.h"

namespace nap {
namespace conformance {
namespace {

void ExpectShapesAndGradients(const OperationCase& c) {
  const auto operation = c.Make(at::kDouble);
  for (const ImageSize size : kSizes) {
    SCOPED_TRACE(absl::StrCat("of images of ", size.height, " x ", size.width));
    const at::Tensor x = RandomImages(c, size).set_requires_grad(!c.definition->is_zero);
    const at::Tensor before = x.detach().clone();
    const at::Tensor y = Forward(operation.get(), x);
    const ImageSize half = Strided(size, c.options.stride);
    ASSERT_EQ(y.sizes(),
              (std::vector<int64_t>{kImages, c.options.channels, half.height, half.width}))
        << "the output's shape: channels stay, stride 2 halves height and width, rounding up "
           "(Operation::Forward in ops/operation.h)";
    EXPECT_TRUE(x.equal(before))
        << "Forward changes its input, which other operations read too (ops/operation.h)";
    EXPECT_TRUE(y.isfinite().all().item<bool>()) << "the output is not finite";
    if (c.definition->is_zero) {
      EXPECT_TRUE(y.eq(0).all().item<bool>())
          << "an operation that is_zero is 0 (OperationDefinition in ops/operation.h)";
      continue;
    }
    std::vector<std::pair<std::string, at::Tensor>> variables = {{"the input", x}};
    for (const auto& parameter : operation->named_parameters()) {
      variables.emplace_back(parameter.key(), parameter.value());
    }
    ExpectNumericalGradients([&] { return Forward(operation.get(), x); }, variables,
                             "Forward must be differentiable (ops/operation.h)");
  }
}

thread_local int64_t multiplied;  // by LibTorch's convolutions and products of matrices

std::unique_ptr<at::ObserverContext> Count(const at::RecordFunction& function) {
  const std::string_view name = function.name();
  const auto tensor = [&](size_t i) { return function.inputs()[i].toTensor(); };
  if (name == "aten::convolution") {
    const at::Tensor x = tensor(0), weight = tensor(1);
    const std::vector<int64_t> stride = function.inputs()[3].toIntVector();
    const std::vector<int64_t> padding = function.inputs()[4].toIntVector();
    const std::vector<int64_t> dilation = function.inputs()[5].toIntVector();
    int64_t pixels = x.size(0);
    for (int64_t i = 2; i < x.dim(); ++i) {
      const auto get = [i](const std::vector<int64_t>& list) {
        return list.size() == 1 ? list[0] : list[i - 2];
      };
      pixels *=
          (x.size(i) + 2 * get(padding) - get(dilation) * (weight.size(i) - 1) - 1) / get(stride) +
          1;
    }
    multiplied += pixels * weight.numel();
  } else if (name == "aten::mm" || name == "aten::bmm") {
    multiplied += tensor(0).numel() * tensor(1).size(-1);
  } else if (name == "aten::addmm" || name == "aten::baddbmm") {
    multiplied += tensor(1).numel() * tensor(2).size(-1);
  }
  return nullptr;
}

// Counts while it lives.
class Counter {
 public:
  Counter()
      : callback_(
            at::addThreadLocalCallback(at::RecordFunctionCallback(&Count).needsInputs(true).scopes(
                {at::RecordScope::FUNCTION}))) {
    multiplied = 0;
  }
  ~Counter() { at::removeCallback(callback_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

 private:
  const at::CallbackHandle callback_;
};

void ExpectCost(const OperationCase& c) {
  const auto operation = c.Make(at::kDouble);
  int64_t parameters =
      operation->EndsInBatchNorm() && c.options.affine ? 2 * c.options.channels : 0;
  for (const at::Tensor& parameter : operation->parameters()) parameters += parameter.numel();
  for (const ImageSize size : {ImageSize{6, 6}, ImageSize{5, 7}}) {
    const Cost cost = operation->CostAt(size);
    EXPECT_EQ(cost.parameters, parameters)
        << "CostAt's parameters are not those that there are, with 2 a channel for the final batch "
           "norm if it EndsInBatchNorm and scales are learned (ops/operation.h, ops/cost.h)";
    const at::Tensor x = RandomImages(c, size);
    {
      const at::NoGradGuard no_grad;
      const Counter counter;
      Forward(operation.get(), x);
    }
    EXPECT_TRUE(multiplied == 0 || multiplied == cost.mult_adds * kImages)
        << "CostAt says " << cost.mult_adds << " multiply-adds, Forward makes "
        << multiplied / kImages << " for an image of " << size.height << " x " << size.width
        << " (ops/cost.h)";
  }
}

void ExpectState(const OperationCase& c) {
  const auto operation = c.Make(at::kDouble), other = c.Make(at::kDouble, /*seed=*/2);
  const at::Tensor x = RandomImages(c, {5, 7});
  const at::NoGradGuard no_grad;
  Forward(operation.get(), x);  // running statistics move
  std::stringstream file;
  torch::serialize::OutputArchive out;
  operation->save(out);
  out.save_to(file);
  torch::serialize::InputArchive in;
  in.load_from(file);
  other->load(in);
  for (const bool training : {true, false}) {
    operation->train(training);
    other->train(training);
    EXPECT_TRUE(Forward(operation.get(), x).equal(Forward(other.get(), x)))
        << "saved and loaded it computes something else: what it learns must be registered with "
           "register_parameter, register_buffer or register_module (torch/nn/module.h)";
  }
}

void ExpectEvaluation(const OperationCase& c) {
  const auto operation = c.Make(at::kDouble);
  operation->eval();
  const at::Tensor x = RandomImages(c, {5, 7});
  std::vector<at::Tensor> before;
  for (const at::Tensor& buffer : operation->buffers()) before.push_back(buffer.clone());
  const at::NoGradGuard no_grad;
  const at::Tensor y = Forward(operation.get(), x);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(operation->buffers()[i].equal(before[i]))
        << "evaluation changes a buffer (torch/nn/module.h: is_training)";
  }
  if (!c.options.affine) return;  // statistics of the batch at hand (ops/layers.h)
  EXPECT_TRUE(Close(Forward(operation.get(), x.narrow(0, 1, 1)), y.narrow(0, 1, 1), 1e-9))
      << "in evaluation an image's output depends on the others of its batch: batch norms with "
         "learned scales keep running statistics (MakeBatchNorm in ops/layers.h)";
}

void ExpectThreads(const OperationCase& c) {
  const auto operation = c.Make(at::kDouble);
  const at::Tensor x = RandomImages(c, {16, 16}, 8).set_requires_grad(!c.definition->is_zero);
  ForEachNumberOfThreads(
      [&] {
        const at::Tensor y = Forward(operation.get(), x);
        std::vector<at::Tensor> values = {y.detach()};
        if (y.requires_grad()) values.push_back(torch::autograd::grad({y.sum()}, {x})[0]);
        return values;
      },
      [](const at::Tensor& one, const at::Tensor& more) {
        EXPECT_TRUE(Close(more, one, 1e-9)) << "with more threads Forward computes something else";
      });
}

void ExpectConforms(const std::string& name, const std::vector<int64_t>& channels) {
  const auto definition = OperationRegistry::Global().Find(name);
  ASSERT_TRUE(definition.ok()) << definition.status().message();
  const int threads = at::get_num_threads();
  for (const int64_t of_input : channels) {
    for (const int64_t stride : {1, 2}) {
      for (const bool affine : {false, true}) {
        SCOPED_TRACE(absl::StrCat("operation ", name, " of ", of_input, " channels at stride ",
                                  stride, affine ? ", affine" : ""));
        const OperationCase c{*definition, {of_input, stride, affine}};
        std::vector<void (*)(const OperationCase&)> checks = {
            ExpectShapesAndGradients, ExpectCost,    ExpectState,
            ExpectEvaluation,         ExpectThreads, ExpectStages};
        if (affine && of_input == channels.back()) checks.push_back(ExpectInstructionSets);
        for (const auto check : checks) {
          try {
            check(c);
          } catch (const std::exception& error) {
            const std::string what = error.what();  // LibTorch's goes on with a stack
            ADD_FAILURE() << "it throws: " << what.substr(0, what.find('\n'));
          }
          // What a check has changed.
          UseThreads(threads);
          kernels::UseInstructionSet(0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace conformance

void ExpectOperationConforms(const std::string& name, const std::vector<int64_t>& channels) {
  conformance::ExpectConforms(name, channels);
}

}  // namespace nap
