#ifndef NAP_BASE_CLOCK_H_
#define NAP_BASE_CLOCK_H_

#include <chrono>

namespace nap {

// Seconds since some moment in the past; never goes back.
inline double MonotonicSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace nap

#endif  // NAP_BASE_CLOCK_H_
