#ifndef DATA_SPLIT_H_
#define DATA_SPLIT_H_

#include <absl/status/status.h>

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

// Known before anything runs. InvalidArgument names the flags and the sizes.

// That --train_fraction leaves either part of a search --batch_size images or more.
absl::Status CheckSearchParts(int64_t images, double train_fraction, int64_t batch_size);

// That a training has --batch_size images to learn from and one to be tested on.
absl::Status CheckTrainingParts(int64_t train_images, int64_t test_images, int64_t batch_size);

}  // namespace nap

#endif  // DATA_SPLIT_H_
