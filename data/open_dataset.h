#ifndef DATA_OPEN_DATASET_H_
#define DATA_OPEN_DATASET_H_

#include <absl/status/statusor.h>

#include <string>

#include "data/dataset.h"

namespace nap {

// InvalidArgument if the name is unknown, if the dataset needs a data_dir, or if it has no image to
// train or none to test on; else the dataset's own errors.
absl::StatusOr<DatasetPair> OpenDataset(const std::string& name, const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_OPEN_DATASET_H_
