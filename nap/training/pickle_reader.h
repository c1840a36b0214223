// For checkpoint_pickle.cc alone.
#ifndef NAP_TRAINING_PICKLE_READER_H_
#define NAP_TRAINING_PICKLE_READER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <map>
#include <string>

#include "nap/training/pickle_value.h"

namespace nap::pickle {

// Of Python's pickle protocol 2 the opcodes, and of PyTorch's storages and rebuilding functions
// those, that FromPickle's tuple has; DataLoss for any other. What is there once and named many
// times is copied at most 16 times the size of the pickle and the records.
absl::StatusOr<Value> ReadPickle(absl::string_view pickle,
                                 const std::map<std::string, std::string>& records);

}  // namespace nap::pickle

#endif  // NAP_TRAINING_PICKLE_READER_H_
