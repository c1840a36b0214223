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

  // Whether it promises the same bits with any number of threads.
  bool same_bits = true;

  // Another one whose bits it promises; empty: none.
  std::string same_bits_as = "";
};

// Expects of the executor that `text` names, "name" or "name:key=value,key=value", that it supports
// such tensors and agrees with `reference` in double precision,
//  - in cells of a supernet: whole and pruned ones, at strides 1 and 2, of few, odd and partial
//    channels, behind every kind of cell input, with operations that have no stages; in gradients
//    of the inputs, the mixing weights and, if they are wanted, of every weight;
//  - in cells of a derived network: with learned scales and running statistics, drop path, in
//    evaluation, with unread inputs, and nodes that are empty or lead nowhere; step after step;
//  - without gradients;
// that inputs stay as they are, and that its parameters can be given. It stops at the first cell
// that is wrong.
void ExpectExecutorConforms(const std::string& text, const ExecutorConformance& given = {});

}  // namespace nap

#endif  // NAP_MODEL_EXECUTOR_CONFORMANCE_H_
