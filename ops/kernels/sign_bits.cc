#include "ops/kernels/sign_bits.h"

#include <cstring>

#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/sign_bits.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

// Of kChannelBlock channels.
HWY_INLINE uint64_t Signs(const float* HWY_RESTRICT x) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  uint64_t bits = 0;
  for (int64_t c = 0; c < kChannelBlock; c += lanes) {
    uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, hn::Gt(hn::LoadU(d, x + c), hn::Zero(d)), bytes);
    uint64_t part;
    std::memcpy(&part, bytes, sizeof(part));
    bits |= part << c;
  }
  return bits;
}

void PackSignsImpl(const ConstImage& x, uint64_t* bits) {
  uint64_t word = 0;
  int64_t filled = 0;
  for (int64_t i = 0; i < x.height; ++i) {
    for (int64_t j = 0; j < x.width; ++j) {
      const float* pixel = x.At(i, j);
      for (int64_t c = 0; c < x.channels; c += kChannelBlock) {
        word |= Signs(pixel + c) << filled;
        filled += kChannelBlock;
        if (filled < 64) continue;
        *bits++ = word;
        word = 0;
        filled = 0;
      }
    }
  }
  if (filled > 0) *bits = word;
}

void AddHammingDistancesImpl(const uint64_t* HWY_RESTRICT a, const uint64_t* others, int64_t count,
                             int64_t words, int64_t* HWY_RESTRICT distances) {
  const hn::ScalableTag<uint64_t> d;
  const int64_t lanes = hn::Lanes(d);
  for (int64_t j = 0; j < count; ++j) {
    const uint64_t* HWY_RESTRICT b = others + j * words;
    auto sum = hn::Zero(d);
    int64_t i = 0;
    for (; i + lanes <= words; i += lanes) {
      const auto differing = hn::Xor(hn::LoadU(d, a + i), hn::LoadU(d, b + i));
      sum = hn::Add(sum, hn::PopulationCount(differing));
    }
    uint64_t total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; i < words; ++i) total += hwy::PopCount(a[i] ^ b[i]);
    distances[j] += static_cast<int64_t>(total);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(PackSignsImpl);
HWY_EXPORT(AddHammingDistancesImpl);

void PackSigns(const ConstImage& x, uint64_t* bits) {
  HWY_DYNAMIC_DISPATCH(PackSignsImpl)(x, bits);
}

void AddHammingDistances(const uint64_t* a, const uint64_t* others, int64_t count, int64_t words,
                         int64_t* distances) {
  HWY_DYNAMIC_DISPATCH(AddHammingDistancesImpl)(a, others, count, words, distances);
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
