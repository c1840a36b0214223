// What kernel files share, for the instruction set that they are being compiled for. After
// foreach_target.h.
#if defined(OPS_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef OPS_KERNELS_SIMD_INL_H_
#undef OPS_KERNELS_SIMD_INL_H_
#else
#define OPS_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include "ops/kernels/image.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kChannelBlock>;
using V = hn::Vec<D>;

// Others have 16.
constexpr bool kHas32Registers = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON;

HWY_INLINE void AddTo(V sum, float* HWY_RESTRICT to) {
  const D d;
  hn::StoreU(hn::Add(hn::LoadU(d, to), sum), d, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
