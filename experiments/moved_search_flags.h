#ifndef EXPERIMENTS_MOVED_SEARCH_FLAGS_H_
#define EXPERIMENTS_MOVED_SEARCH_FLAGS_H_

#include <vector>

#include "nap/base/program.h"

namespace nap {

// Flags of cifar_search's that have become parameters of its parts.
std::vector<MovedFlag> MovedSearchFlags();

}  // namespace nap

#endif  // EXPERIMENTS_MOVED_SEARCH_FLAGS_H_
