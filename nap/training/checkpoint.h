// What a program needs to go on where it was, and the files that keep it.
#ifndef NAP_TRAINING_CHECKPOINT_H_
#define NAP_TRAINING_CHECKPOINT_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>

#include <cstdint>
#include <map>
#include <string>

namespace nap {

// Values by name. Whatever has a state puts it here under names of its own ("weights/stem.weight"),
// and takes it from here.
struct Checkpoint {
  std::map<std::string, at::Tensor> tensors;  // on the CPU, sharing memory with nothing
  std::map<std::string, int64_t> integers;
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> strings;
};

// *value = values[name], one of a checkpoint's maps. FailedPrecondition if it is not there: the
// checkpoint is another program's or of something else.
template <typename T>
absl::Status Get(const std::map<std::string, T>& values, const std::string& name, T* value) {
  const auto found = values.find(name);
  if (found == values.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint does not fit: it has no '", name, "'"));
  }
  *value = found->second;
  return absl::OkStatus();
}

// As bytes, those of a file, and back: DataLoss if they are damaged; FailedPrecondition for a
// format that this version does not read. `name` is what messages call it.
std::string EncodeCheckpoint(const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> DecodeCheckpoint(const std::string& bytes, const std::string& name);

// Writes `folder`/checkpoint.pt; the one that was there becomes checkpoint.previous.pt. Killed at
// any moment or on a full disk, this leaves a whole checkpoint if there was one.
absl::Status WriteCheckpoint(const std::string& folder, const Checkpoint& checkpoint);

// Reads one file. NotFound if it is not there; DataLoss if it is damaged; FailedPrecondition for a
// format that this version does not read.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path);

// What the last WriteCheckpoint wrote, or, with a warning, the one before if that is damaged.
// NotFound if there is none; DataLoss if none is whole; FailedPrecondition for a format that this
// version does not read.
absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& folder);

}  // namespace nap

#endif  // NAP_TRAINING_CHECKPOINT_H_
