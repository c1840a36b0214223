#include "experiments/moved_run_flags.h"

#include <gflags/gflags.h>

// With the default that it had.
DEFINE_string(recompute, "false", "has moved");

namespace nap {

std::vector<MovedFlag> MovedRunFlags() { return {{"recompute", "backend", "fused", "recompute"}}; }

}  // namespace nap
