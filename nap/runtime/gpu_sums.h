// Sums and broadcasts of what is on GPUs, which JoinProcesses uses where a build has them.
#ifndef NAP_RUNTIME_GPU_SUMS_H_
#define NAP_RUNTIME_GPU_SUMS_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace nap {

// Collective, all of it; both work in place on a contiguous tensor on a GPU, each process on its
// own one.
class GpuSums {
 public:
  virtual ~GpuSums() = default;

  // Returns a function that waits until the sum is there, for the tensor's current stream.
  virtual std::function<void()> Sum(const at::Tensor& tensor) = 0;

  // Of rank 0.
  virtual void Broadcast(const at::Tensor& tensor) = 0;
};

using MakeGpuSums =
    std::function<std::unique_ptr<GpuSums>(c10::intrusive_ptr<c10d::Store>, int rank, int size)>;

// What makes them: set by who is linked in (nccl_sums.cc), else null, and what is on GPUs goes by
// the CPUs.
MakeGpuSums& GpuSumsMaker();

}  // namespace nap

#endif  // NAP_RUNTIME_GPU_SUMS_H_
