#include "experiments/moved_search_flags.h"

#include <gflags/gflags.h>

// With the defaults that they had.
DEFINE_string(criterion_batches, "4", "has moved");
DEFINE_string(initial_strength, "nan", "has moved");
DEFINE_string(partial_channels, "1", "has moved");
DEFINE_string(strength_loss_weight, "1", "has moved");

namespace nap {

std::vector<MovedFlag> MovedSearchFlags() {
  return {{"criterion_batches", "criterion", "ablation", "batches"},
          {"initial_strength", "relaxation", "unnormalized", "initial_strength"},
          {"partial_channels", "relaxation", "edge_softmax", "partial_channels"},
          {"strength_loss_weight", "strength_loss", "l1", "weight"}};
}

}  // namespace nap
