// Memory for what lies between kernels; a thread keeps its own from call to call.
#ifndef OPS_KERNELS_SCRATCH_H_
#define OPS_KERNELS_SCRATCH_H_

#include <hwy/aligned_allocator.h>

#include <cstdint>

namespace nap::kernels {

class Scratch {
 public:
  // At least `floats`, aligned to a vector; the contents are arbitrary, and gone at the next call.
  float* Get(int64_t floats) {
    if (floats > size_) {
      memory_ = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
      size_ = floats;
    }
    return memory_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> memory_;
  int64_t size_ = 0;
};

}  // namespace nap::kernels

#endif  // OPS_KERNELS_SCRATCH_H_
