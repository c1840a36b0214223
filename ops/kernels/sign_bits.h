// Which units a ReLU lets through, a bit each, and in how many of them images differ.
#ifndef OPS_KERNELS_SIGN_BITS_H_
#define OPS_KERNELS_SIGN_BITS_H_

#include <cstdint>

#include "ops/kernels/image.h"

namespace nap::kernels {

// Of an image: units in bits, rounded up to whole words.
inline int64_t SignWords(const ConstImage& x) {
  return (x.height * x.width * x.channels + 63) / 64;
}

// bits: SignWords(x), pixel after pixel; 1 where x > 0. Bits behind the last unit are 0.
void PackSigns(const ConstImage& x, uint64_t* bits);

// distances[j] += in how many bits a and others[j * words ..] differ, for j in [0, count).
void AddHammingDistances(const uint64_t* a, const uint64_t* others, int64_t count, int64_t words,
                         int64_t* distances);

}  // namespace nap::kernels

#endif  // OPS_KERNELS_SIGN_BITS_H_
