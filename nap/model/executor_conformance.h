// For authors of executors: whether one computes what graphs of cells say (nap/engine/executor.h).
#ifndef NAP_MODEL_EXECUTOR_CONFORMANCE_H_
#define NAP_MODEL_EXECUTOR_CONFORMANCE_H_

#include <ATen/core/Tensor.h>

#include <string>

namespace nap {

struct ExecutorConformance {
  // That are given to it.
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;

  // |found - wanted| / |wanted| of outputs and running statistics, and of gradients.
  double output_error = 1e-5;
  double gradient_error = 1e-4;

  // Whether it promises the same bits with any number of threads, and when it recomputes.
  bool same_bits = true;
};

// Expects of the executor that is registered under this name that it supports such tensors and
// agrees with `reference` in double precision,
//  - in cells of a supernet: whole and pruned ones, at strides 1 and 2, of few, odd and partial
//    channels, behind every kind of cell input, with operations that have no stages; in gradients
//    of the inputs, the mixing weights and, if they are wanted, of every weight;
//  - in cells of a derived network: with learned scales and running statistics, drop path, in
//    evaluation, with unread inputs, and nodes that are empty or lead nowhere; step after step;
//  - without gradients, and, if it can, when it recomputes;
// and that inputs stay as they are. It stops at the first cell that is wrong.
void ExpectExecutorConforms(const std::string& name, const ExecutorConformance& given = {});

}  // namespace nap

#endif  // NAP_MODEL_EXECUTOR_CONFORMANCE_H_
