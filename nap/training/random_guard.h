#ifndef NAP_TRAINING_RANDOM_GUARD_H_
#define NAP_TRAINING_RANDOM_GUARD_H_

#include <glog/logging.h>

#include "nap/training/checkpoint.h"
#include "nap/training/training_state.h"

namespace nap {

// Puts LibTorch's random numbers back when it goes.
class RandomGuard {
 public:
  RandomGuard() { SaveRandom(&state_); }
  ~RandomGuard() { CHECK(LoadRandom(state_).ok()); }
  RandomGuard(const RandomGuard&) = delete;
  RandomGuard& operator=(const RandomGuard&) = delete;

 private:
  Checkpoint state_;
};

}  // namespace nap

#endif  // NAP_TRAINING_RANDOM_GUARD_H_
