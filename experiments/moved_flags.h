#ifndef EXPERIMENTS_MOVED_FLAGS_H_
#define EXPERIMENTS_MOVED_FLAGS_H_

#include <vector>

#include "nap/base/program.h"

namespace nap {

// Flags of cifar_search's that have become parameters of its parts.
std::vector<MovedFlag> MovedFlags();

}  // namespace nap

#endif  // EXPERIMENTS_MOVED_FLAGS_H_
