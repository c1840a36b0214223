// Numbers that stand for counts and indices where a file keeps all numbers alike.
#ifndef NAP_BASE_WHOLE_NUMBER_H_
#define NAP_BASE_WHOLE_NUMBER_H_

#include <cmath>
#include <cstdint>

namespace nap {

// Whether it is whole, at least 0 and below `end`. The cast of one that is not may be undefined.
inline bool IsWholeBelow(double value, int64_t end) {
  return value >= 0 && value < static_cast<double>(end) && value == std::floor(value);
}

}  // namespace nap

#endif  // NAP_BASE_WHOLE_NUMBER_H_
