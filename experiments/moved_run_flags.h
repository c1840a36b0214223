#ifndef EXPERIMENTS_MOVED_RUN_FLAGS_H_
#define EXPERIMENTS_MOVED_RUN_FLAGS_H_

#include <vector>

#include "nap/base/program.h"

namespace nap {

// Flags of every run's that have become parameters of its parts.
std::vector<MovedFlag> MovedRunFlags();

}  // namespace nap

#endif  // EXPERIMENTS_MOVED_RUN_FLAGS_H_
