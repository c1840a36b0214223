// Which images a checkpoint is of.
#ifndef NAP_TRAINING_IMAGES_STATE_H_
#define NAP_TRAINING_IMAGES_STATE_H_

#include <absl/status/status.h>

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "nap/training/checkpoint.h"

namespace nap {

// Made once, since it may take a while: of images that are `name`, "training images" say.
class ImagesState {
 public:
  ImagesState(std::string name, const Dataset& images);

  void Save(Checkpoint* checkpoint) const;

  // FailedPrecondition if the checkpoint is of others. Those of versions up to 0.3 do not say.
  absl::Status Check(const Checkpoint& checkpoint) const;

 private:
  const std::string name_;
  const int64_t size_, checksum_;
};

}  // namespace nap

#endif  // NAP_TRAINING_IMAGES_STATE_H_
