#include "nap/training/trained_network.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include "nap/base/status_macros.h"
#include "nap/training/training_state.h"

namespace nap {
namespace {

constexpr char kModel[] = "model";
constexpr char kNetwork[] = "network";

}  // namespace

void SaveTrainedNetwork(const DerivedNetwork& network, const ModelDescription& description,
                        Checkpoint* checkpoint) {
  checkpoint->strings[kModel] = ModelDescriptionToJson(description);
  SaveModule(network, kNetwork, checkpoint);
}

absl::Status RestoreTrainedNetwork(const Checkpoint& checkpoint,
                                   const ModelDescription& description, DerivedNetwork* network) {
  std::string model;
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, kModel, &model));
  ModelDescription earlier = description;  // as versions up to 0.3 wrote it
  earlier.test_crop.reset();
  if (model != ModelDescriptionToJson(description) && model != ModelDescriptionToJson(earlier)) {
    return absl::FailedPreconditionError(
        "the network or the data is not that of the checkpoint: have the files that --genotype and "
        "--data_dir name changed?");
  }
  return LoadModule(checkpoint, kNetwork, network);
}

std::map<std::string, at::Tensor> TensorsOf(const Checkpoint& checkpoint) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, absl::StrCat(kNetwork, "."))) {
      tensors[std::string(rest)] = tensor;
    }
  }
  return tensors;
}

absl::StatusOr<ModelDescription> DescriptionOf(const Checkpoint& checkpoint) {
  const auto model = checkpoint.strings.find(kModel);
  if (model == checkpoint.strings.end()) {
    return absl::FailedPreconditionError(
        "the checkpoint holds no trained network; that of a search does not, train what was found");
  }
  return ModelDescriptionFromJson(model->second);
}

absl::StatusOr<TrainedNetwork> LoadTrainedNetwork(const Checkpoint& checkpoint) {
  TrainedNetwork trained;
  NAP_ASSIGN_OR_RETURN(trained.description, DescriptionOf(checkpoint));
  NAP_ASSIGN_OR_RETURN(trained.network, DerivedNetwork::Create(trained.description.spec));
  NAP_RETURN_IF_ERROR(LoadModule(checkpoint, kNetwork, trained.network.get()));
  return trained;
}

}  // namespace nap
