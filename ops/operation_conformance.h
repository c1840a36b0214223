// For authors of operations: whether one keeps all promises of ops/operation.h and ops/stage.h.
#ifndef OPS_OPERATION_CONFORMANCE_H_
#define OPS_OPERATION_CONFORMANCE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace nap {

// Expects of the operation that is registered under this name, at strides 1 and 2, for even, odd
// and tiny images, with and without learned scales of batch norms, that
//  - its output has the channels of the input, at stride 2 half of the size, rounded up; the input
//    stays as it is; the zero operation's output is 0;
//  - gradients of the input and of each parameter are the numerical ones;
//  - CostAt counts the parameters that there are, the final batch norm's included, and the
//    multiply-adds of LibTorch's convolutions and matrix products that Forward calls. What Forward
//    multiplies by code of its own is not seen;
//  - it works in double precision, and what it computes depends on registered parameters and
//    buffers alone: saved and loaded, it computes the same bits;
//  - in evaluation it changes no buffer and, with learned scales, treats an image in the same way
//    whatever the others are;
//  - with 1, 2 and 3 threads it computes the same, but for the order in which LibTorch may add;
//  - if it has stages, they compute what Forward does, and its gradients, with the same bits from
//  1,
//    2 and 3 threads, reading and writing nothing around images; their strides and channels are
//    those of the operation, all its parameters are theirs or those of InnerNorms, and a stage
//    without weights is one object in all operations.
//
// channels: an operation that cannot do with some leaves them out.
void ExpectOperationConforms(const std::string& name,
                             const std::vector<int64_t>& channels = {1, 3, 17});

}  // namespace nap

#endif  // OPS_OPERATION_CONFORMANCE_H_
