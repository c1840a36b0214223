#include "nap/training/initial_weights.h"

#include <ATen/core/grad_mode.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <c10/core/GradMode.h>

#include <filesystem>
#include <map>
#include <utility>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/export/torchscript.h"
#include "nap/training/checkpoint.h"
#include "nap/training/trained_network.h"

namespace nap {
namespace {

using Tensors = std::map<std::string, at::Tensor>;

absl::StatusOr<Tensors> ReadScript(const std::string& file) {
  NAP_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  const absl::StatusOr<torch::jit::Module> module = ParseTorchScript(bytes);
  if (!module.ok()) {
    return absl::DataLossError(absl::StrCat(
        file,
        " is neither a whole model.pt nor a whole checkpoint.pt: ", module.status().message()));
  }
  Tensors tensors;
  for (const auto& parameter : module->named_parameters()) {
    tensors[parameter.name] = parameter.value;
  }
  for (const auto& buffer : module->named_buffers()) tensors[buffer.name] = buffer.value;
  return tensors;
}

absl::StatusOr<Tensors> ReadTensors(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    const bool is_folder = std::filesystem::is_directory(file, ignored);
    return absl::NotFoundError(
        absl::StrCat("--weights=", file, " is ",
                     is_folder ? "a folder; of a run its model.pt is meant" : "not a file"));
  }
  const absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(file);
  if (!checkpoint.ok()) return ReadScript(file);
  return TensorsOf(*checkpoint);
}

std::string Shape(const at::Tensor& tensor) {
  return absl::StrCat("[", absl::StrJoin(tensor.sizes(), ", "), "]");
}

}  // namespace

absl::StatusOr<InitialWeights> LoadInitialWeights(const std::string& file,
                                                  DerivedNetwork* network) {
  NAP_ASSIGN_OR_RETURN(const Tensors tensors, ReadTensors(file));
  InitialWeights found{0, {}};
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;
  const auto take = [&](const std::string& name, const at::Tensor& to) -> absl::Status {
    const auto from = tensors.find(name);
    const bool is_auxiliary = absl::StartsWith(name, "auxiliary_head.");
    const bool is_classifier = absl::StrContains(name, "classifier.");
    if (from == tensors.end() && !is_auxiliary) {
      return absl::FailedPreconditionError(
          absl::StrCat(file, " is of another network: it has no '", name, "'"));
    }
    if (from == tensors.end() || (is_classifier && from->second.sizes() != to.sizes())) {
      found.left.push_back(name);
      return absl::OkStatus();
    }
    if (from->second.sizes() != to.sizes()) {
      return absl::FailedPreconditionError(absl::StrCat(file, " is of another network: '", name,
                                                        "' is ", Shape(from->second), " there and ",
                                                        Shape(to), " here"));
    }
    copies.emplace_back(to, from->second);
    return absl::OkStatus();
  };
  for (const auto& parameter : network->named_parameters()) {
    NAP_RETURN_IF_ERROR(take(parameter.key(), parameter.value()));
  }
  for (const auto& buffer : network->named_buffers()) {
    NAP_RETURN_IF_ERROR(take(buffer.key(), buffer.value()));
  }
  const at::NoGradGuard no_grad;
  for (auto& [to, from] : copies) to.copy_(from);
  found.taken = static_cast<int64_t>(copies.size());
  return found;
}

}  // namespace nap
