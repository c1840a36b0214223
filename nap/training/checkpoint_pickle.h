// The payload of a checkpoint, which may be anybody's: no code is run, and what it takes of memory
// is bounded by its size. LibTorch's own reader believes every length and index that it finds.
#ifndef NAP_TRAINING_CHECKPOINT_PICKLE_H_
#define NAP_TRAINING_CHECKPOINT_PICKLE_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <map>
#include <string>

#include "nap/training/checkpoint.h"

namespace nap {

// What torch::jit::pickle_save makes of a tuple of dictionaries by name of tensors, integers,
// floating-point numbers and strings. Reads of Python's pickle protocol 2 the opcodes, and of
// PyTorch's storages and rebuilding functions those, that such a tuple has.
//
// `records`: the contents of tensors by the names that the pickle has for them. DataLoss with what
// is wrong.
absl::StatusOr<Checkpoint> FromPickle(absl::string_view pickle,
                                      const std::map<std::string, std::string>& records);

// The same from the archive that pickle_save writes.
absl::StatusOr<Checkpoint> FromPickleArchive(absl::string_view archive);

}  // namespace nap

#endif  // NAP_TRAINING_CHECKPOINT_PICKLE_H_
