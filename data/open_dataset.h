#ifndef DATA_OPEN_DATASET_H_
#define DATA_OPEN_DATASET_H_

#include <absl/status/statusor.h>

#include <string>

#include "data/dataset.h"

namespace nap {

// What `text` names, "name" or "name:key=value,key=value". InvalidArgument if it is unknown, if the
// dataset needs a data_dir or makes nothing of a label_file, or if it has no image to train or none
// to test on; else the dataset's own errors.
absl::StatusOr<DatasetPair> OpenDataset(const std::string& text, const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_OPEN_DATASET_H_
