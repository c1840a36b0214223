// What the parts of operation_conformance.h share.
#ifndef OPS_OPERATION_CASE_FOR_TESTS_H_
#define OPS_OPERATION_CASE_FOR_TESTS_H_

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>

#include <cstdint>
#include <memory>

#include "nap/runtime/threads.h"
#include "ops/operation.h"

namespace nap::conformance {

inline constexpr ImageSize kSizes[] = {{6, 6}, {5, 7}, {1, 3}};
inline constexpr int64_t kImages = 3;

struct OperationCase {
  const OperationDefinition* definition;
  OperationOptions options;

  // Its scales, shifts and running statistics are not those of a new one.
  std::shared_ptr<Operation> Make(at::ScalarType type, uint64_t seed = 1) const {
    at::manual_seed(seed);
    std::shared_ptr<Operation> operation = definition->make(options);
    const at::NoGradGuard no_grad;
    for (at::Tensor& parameter : operation->parameters()) {
      if (parameter.dim() == 1) parameter.copy_(at::randn(parameter.sizes()) + 0.5);
    }
    for (const auto& buffer : operation->named_buffers()) {
      if (buffer->dim() == 1) buffer->copy_(at::randn(buffer->sizes()).abs() + 0.5);
    }
    operation->to(type);
    return operation;
  }
};

inline at::Tensor RandomImages(const OperationCase& c, ImageSize size, int64_t images = kImages) {
  return at::randn({images, c.options.channels, size.height, size.width}, at::kDouble)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

// With the same chance at each call, for operations that draw.
inline at::Tensor Forward(Operation* operation, const at::Tensor& x) {
  at::manual_seed(7);
  return operation->Forward(x);
}

inline bool Close(const at::Tensor& found, const at::Tensor& wanted, double error) {
  return (found.to(at::kDouble) - wanted.to(at::kDouble)).norm().item<double>() <=
         error * (1 + wanted.norm().item<double>());
}

// Calls `run` with 1, 2 and 3 threads and gives `compare` the first's and each other's result.
template <typename Run, typename Compare>
void ForEachNumberOfThreads(const Run& run, const Compare& compare) {
  UseThreads(1);
  const auto one = run();
  for (const int threads : {2, 3}) {
    UseThreads(threads);
    const auto more = run();
    for (size_t i = 0; i < one.size(); ++i) compare(one[i], more[i]);
  }
}

// Of an operation that has stages: that they are what ops/stage.h and Operation::Stages promise,
// with the best instruction set of the machine, and that they compute the same with every one.
void ExpectStages(const OperationCase& c);
void ExpectInstructionSets(const OperationCase& c);

}  // namespace nap::conformance

#endif  // OPS_OPERATION_CASE_FOR_TESTS_H_
