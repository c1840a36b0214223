#ifndef DATA_SPLIT_H_
#define DATA_SPLIT_H_

#include <cstdint>
#include <vector>

namespace nap {

struct Split {
  std::vector<int64_t> first;
  std::vector<int64_t> second;
};

// A random division of 0 .. size-1 into two parts, the first of round(fraction * size) elements,
// each in random order; the same for the same arguments.
Split SplitIndices(int64_t size, double fraction, uint64_t seed);

}  // namespace nap

#endif  // DATA_SPLIT_H_
