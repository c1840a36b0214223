#ifndef NAP_TRAINING_INITIAL_WEIGHTS_H_
#define NAP_TRAINING_INITIAL_WEIGHTS_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nap/model/derived_network.h"

namespace nap {

struct InitialWeights {
  int64_t taken;                  // parameters and buffers
  std::vector<std::string> left;  // the network's that stay as they are
};

// Starts the network from a network trained before: `file` is a model.pt or a checkpoint.pt of a
// training. Classifiers of another number of classes, and an auxiliary head that the file lacks,
// are left as they are. FailedPrecondition, naming a parameter, if it is the file of a network of
// another architecture; NotFound, DataLoss or Unavailable if it cannot be read.
absl::StatusOr<InitialWeights> LoadInitialWeights(const std::string& file, DerivedNetwork* network);

}  // namespace nap

#endif  // NAP_TRAINING_INITIAL_WEIGHTS_H_
