#include "ops/kernels/machine.h"

#include "ops/kernels/image.h"
#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/machine.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

const char* InstructionSetImpl() { return hwy::TargetName(HWY_TARGET); }

// Ten sums that do not wait for each other: enough for two units of a latency of five cycles.
int64_t SpinMultiplyAddsImpl(int64_t rounds, float* result) {
  constexpr int kSums = 10;
  const D d;
  const V factor = hn::Set(d, 0.999f), term = hn::Set(d, *result);
  V sum[kSums];
#pragma GCC unroll 16
  for (int i = 0; i < kSums; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (int i = 0; i < kSums; ++i) sum[i] = hn::MulAdd(sum[i], factor, term);
  }
  V total = sum[0];
#pragma GCC unroll 16
  for (int i = 1; i < kSums; ++i) total = hn::Add(total, sum[i]);
  *result = hn::GetLane(total);
  return 2 * rounds * kSums * static_cast<int64_t>(hn::Lanes(d));
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(InstructionSetImpl);
HWY_EXPORT(SpinMultiplyAddsImpl);

int64_t SpinMultiplyAdds(int64_t rounds, float* result) {
  return HWY_DYNAMIC_DISPATCH(SpinMultiplyAddsImpl)(rounds, result);
}

const char* InstructionSet() { return HWY_DYNAMIC_DISPATCH(InstructionSetImpl)(); }

}  // namespace nap::kernels
#endif  // HWY_ONCE
