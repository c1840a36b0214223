// Which images test where a dataset has no part for that.
#ifndef DATA_HOLD_OUT_H_
#define DATA_HOLD_OUT_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace nap {

// One of `labels` an image; true for those that test: the images that options.held_out_file names,
// a line each, by `name` of their number; without such a file a tenth of every class, drawn by
// options.split_seed, of a class of one image none. InvalidArgument if that is no image or all of a
// class, or the file names one that is not there or twice.
absl::StatusOr<std::vector<bool>> ChooseHeldOut(
    const DatasetOptions& options, const std::vector<int>& labels,
    const std::function<std::string(int64_t index)>& name);

// For a dataset that has a part to test on: InvalidArgument if there is a held_out_file, which
// would have no meaning.
absl::Status CheckNothingHeldOut(const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_HOLD_OUT_H_
