#include "tools/pytorch_module.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <map>
#include <set>
#include <vector>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/export/model_description.h"
#include "nap/export/state_dict.h"
#include "tools/darts_network_source.h"

namespace nap {
namespace {

constexpr char kModule[] = "darts_network.py";

// Those that darts_network.py knows.
const std::set<std::string> kOperations = {"avg_pool_3x3", "conv_7x1_1x7", "dil_conv_3x3",
                                           "dil_conv_5x5", "max_pool_3x3", "sep_conv_3x3",
                                           "sep_conv_5x5", "sep_conv_7x7", "skip_connect"};

absl::Status CheckIsKnown(const Genotype& genotype) {
  constexpr char kOthers[] = "--format=torchscript and onnx write every network";
  // Of other numbers of nodes, too: "darts:nodes=5".
  const std::vector<std::string> space = absl::StrSplit(genotype.search_space, ':');
  if (space.front() != "darts") {
    return absl::FailedPreconditionError(
        absl::StrCat("--format=pytorch writes cells of the search space darts, not of ",
                     genotype.search_space, "; ", kOthers));
  }
  std::set<std::string> unknown;
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& node : cell.nodes) {
      for (const GenotypeInput& input : node) {
        if (kOperations.count(input.operation) == 0) unknown.insert(input.operation);
      }
    }
  }
  if (unknown.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("--format=pytorch does not know ", absl::StrJoin(unknown, ", "), "; ", kOthers));
}

}  // namespace

absl::Status WritePyTorch(const TrainedNetwork& trained, const std::string& folder) {
  NAP_RETURN_IF_ERROR(CheckIsKnown(trained.description.spec.genotype));
  std::map<std::string, at::Tensor> tensors;
  for (const auto& entry : trained.network->named_parameters()) {
    tensors.emplace(entry.key(), entry.value());
  }
  for (const auto& entry : trained.network->named_buffers()) {
    tensors.emplace(entry.key(), entry.value());
  }
  NAP_RETURN_IF_ERROR(MakeFolder(folder));
  NAP_RETURN_IF_ERROR(
      WriteFileAtomically(absl::StrCat(folder, "/network.pt"), EncodeStateDict(tensors)));
  NAP_RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(folder, "/network.json"),
                                          ModelDescriptionToJson(trained.description) + "\n"));
  return WriteFileAtomically(absl::StrCat(folder, "/", kModule), kDartsNetworkSource);
}

}  // namespace nap
