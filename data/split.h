#ifndef DATA_SPLIT_H_
#define DATA_SPLIT_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace nap {

// How a search divides its images.
struct SearchSplit {
  std::vector<int64_t> train;
  std::vector<int64_t> valid;
};

struct SearchSplitOptions {
  double train_fraction = 0.5;
  std::string valid_file;  // names the images of `valid` instead: named_images.h
  uint64_t seed = 0;
  int64_t batch_size = 1;  // the least of either part
};

// Each part is in random order. Without a file the first is a random part of round(train_fraction *
// images). InvalidArgument names the flags and the sizes.
absl::StatusOr<SearchSplit> SplitForSearch(const Dataset& images,
                                           const SearchSplitOptions& options);

// That a training has --batch_size images to learn from and one to be tested on: InvalidArgument
// that says so before anything runs.
absl::Status CheckTrainingParts(int64_t train_images, int64_t test_images, int64_t batch_size);

}  // namespace nap

#endif  // DATA_SPLIT_H_
