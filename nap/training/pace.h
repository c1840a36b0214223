#ifndef NAP_TRAINING_PACE_H_
#define NAP_TRAINING_PACE_H_

#include <cstdint>

namespace nap {

// How long a step takes of late: an average over the last ten or so.
class Pace {
 public:
  void Add(double seconds) {
    // The first step of all warms caches up: it counts only until the next one is there.
    const bool first = ++steps_ <= 2;
    seconds_ = first ? seconds : 0.9 * seconds_ + 0.1 * seconds;
  }
  double seconds() const { return seconds_; }

 private:
  int64_t steps_ = 0;
  double seconds_ = 0;
};

}  // namespace nap

#endif  // NAP_TRAINING_PACE_H_
