#include "nap/runtime/gpu_sums.h"

namespace nap {

MakeGpuSums& GpuSumsMaker() {
  static auto* const maker = new MakeGpuSums();
  return *maker;
}

}  // namespace nap
