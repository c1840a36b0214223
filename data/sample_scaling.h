// 16-bit samples to 8 bits.
#ifndef DATA_SAMPLE_SCALING_H_
#define DATA_SAMPLE_SCALING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nap {

// How many bits the samples of an image fill. declared: how many of 16 bits are significant, as the
// file says; any: the bitwise or of all samples.
//
// By their standards files scale such samples up to 16 bits; many cameras store them as they are.
// Those have no bit above the significant ones; nor have dark ones that were scaled, but scaling
// leaves their lowest bits empty.
inline int SampleBits(int declared, uint16_t any) {
  const bool fits = any >> declared == 0;
  const bool fills_lowest = (any & ((1U << (16 - declared)) - 1)) != 0;
  return fits && fills_lowest ? declared : 16;
}

// The 8-bit value of each sample of so many bits, rounded to the nearest.
inline std::vector<uint8_t> To8Bits(int bits) {
  const uint32_t most = (1U << bits) - 1;
  std::vector<uint8_t> table(size_t{most} + 1);
  for (uint32_t value = 0; value <= most; ++value) {
    table[value] = static_cast<uint8_t>((value * 255 + most / 2) / most);
  }
  return table;
}

}  // namespace nap

#endif  // DATA_SAMPLE_SCALING_H_
