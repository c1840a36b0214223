// A network in a checkpoint, together with what is needed to build it again.
#ifndef NAP_TRAINING_TRAINED_NETWORK_H_
#define NAP_TRAINING_TRAINED_NETWORK_H_

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>

#include "nap/export/model_description.h"
#include "nap/model/derived_network.h"
#include "nap/training/checkpoint.h"

namespace nap {

struct TrainedNetwork {
  ModelDescription description;
  std::shared_ptr<DerivedNetwork> network;
};

// Parameters and buffers as "network.<name>", the description's JSON as the string "model".
void SaveTrainedNetwork(const DerivedNetwork& network, const ModelDescription& description,
                        Checkpoint* checkpoint);

// Loads the parameters and buffers into a network of that description. FailedPrecondition if the
// checkpoint's is another.
absl::Status RestoreTrainedNetwork(const Checkpoint& checkpoint,
                                   const ModelDescription& description, DerivedNetwork* network);

// The parameters and buffers by their names in the network; none if the checkpoint is of something
// else.
std::map<std::string, at::Tensor> TensorsOf(const Checkpoint& checkpoint);

// FailedPrecondition if the checkpoint is of something else than a network (a search).
absl::StatusOr<ModelDescription> DescriptionOf(const Checkpoint& checkpoint);

// FailedPrecondition if the checkpoint is of something else than a network (a search), or does not
// fit the network that it describes; InvalidArgument if there can be no such network.
absl::StatusOr<TrainedNetwork> LoadTrainedNetwork(const Checkpoint& checkpoint);

}  // namespace nap

#endif  // NAP_TRAINING_TRAINED_NETWORK_H_
