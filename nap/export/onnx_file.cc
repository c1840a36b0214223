#include "nap/export/onnx_file.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <set>

#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/base/version.h"
#include "nap/export/onnx_graph.h"
#include "nap/export/onnx_model.h"
#include "nap/export/torchscript.h"
#include "nap/runtime/random_state.h"
#include "ops/operation.h"

namespace nap {
namespace {

void AddDescription(const ModelDescription& description, OnnxModel* model) {
  model->AddMetadata("class_names", JsonText(description.class_names));
  model->AddMetadata("mean", JsonText(description.mean));
  model->AddMetadata("stddev", JsonText(description.stddev));
  model->AddMetadata("image_size", ImageSizeToJson(description.image_size));
  if (description.test_crop.has_value()) {
    model->AddMetadata("test_crop", JsonText(*description.test_crop));
  }
  model->AddMetadata("genotype", GenotypeToJson(description.spec.genotype));
  model->AddMetadata("nap_version", kVersion);
}

// Whether the operation calls LibTorch's operator when it is computed with this stride; one that
// does not like the channels here does not.
bool Calls(const OperationDefinition& operation, int64_t stride, const std::string& name) {
  const auto made = operation.make({/*channels=*/8, stride});
  made->eval();
  for (at::Tensor& parameter : made->parameters()) parameter.set_requires_grad(false);
  const auto forward = [&](const torch::jit::Stack& inputs) {
    return torch::jit::Stack{made->Forward(inputs[0].toTensor())};
  };
  const auto no_name = [](const at::Tensor&) { return std::string(); };
  try {
    const auto trace = torch::jit::tracer::trace({at::zeros({2, 8, 16, 16})}, forward, no_name);
    for (const torch::jit::Node* node : trace.first->graph->nodes()) {
      if (node->kind().toQualString() == name) return true;
    }
  } catch (const std::exception&) {
  }
  return false;
}

// Those of the genotype that call it.
std::set<std::string> OperationsThatCall(const std::string& name, const Genotype& genotype) {
  const RandomGuard guard;  // new operations' weights are drawn
  std::set<std::string> asked, found;
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& node : cell.nodes) {
      for (const GenotypeInput& input : node) {
        if (!asked.insert(input.operation).second) continue;
        const auto operation = OperationRegistry::Global().Find(input.operation);
        for (const int64_t stride : {1, 2}) {
          if (Calls(**operation, stride, name)) found.insert(input.operation);
        }
      }
    }
  }
  return found;
}

absl::Status NoOperatorFor(const UnknownOperator& unknown, const Genotype& genotype) {
  const std::string name =
      absl::StrCat(unknown.name, unknown.reason.empty() ? "" : " ", unknown.reason);
  const std::set<std::string> operations = OperationsThatCall(unknown.name, genotype);
  return absl::UnimplementedError(absl::StrCat(
      "ONNX export has no operator for ", name,
      operations.empty() ? ""
                         : absl::StrCat(", which ", absl::StrJoin(operations, " and "), " calls"),
      "; compute the same with operators of nap/export/onnx_*.cc, add this one there, or take ",
      "--format=torchscript"));
}

absl::StatusOr<std::string> ToOnnx(const torch::jit::Module& script,
                                   const ModelDescription& description) {
  const int64_t channels = description.spec.network.image_channels;
  const auto& [height, width] = description.image_size;
  const at::Tensor images =
      at::linspace(-2, 2, 2 * channels * height * width).reshape({2, channels, height, width});
  OnnxModel model;
  UnknownOperator unknown;
  const absl::Status added = AddForward(script, images, &model, &unknown);
  if (!unknown.name.empty()) return NoOperatorFor(unknown, description.spec.genotype);
  NAP_RETURN_IF_ERROR(added);
  AddDescription(description, &model);
  return model.Serialize();
}

absl::StatusOr<torch::jit::Module> ToScript(const DerivedNetwork& network,
                                            const ModelDescription& description) {
  NAP_ASSIGN_OR_RETURN(const TorchScriptFile script, ToTorchScript(network, description));
  return ParseTorchScript(script.content);
}

absl::Status Naming(const std::string& path, const absl::Status& error) {
  return absl::Status(error.code(), absl::StrCat("cannot write ", path, ": ", error.message()));
}

}  // namespace

absl::Status WriteOnnx(const DerivedNetwork& network, const ModelDescription& description,
                       const std::string& path) {
  const at::NoGradGuard no_grad;
  const absl::StatusOr<torch::jit::Module> script = ToScript(network, description);
  return script.ok() ? WriteOnnx(*script, description, path) : Naming(path, script.status());
}

absl::Status WriteOnnx(const torch::jit::Module& script, const ModelDescription& description,
                       const std::string& path) {
  const at::NoGradGuard no_grad;
  const absl::StatusOr<std::string> file = ToOnnx(script, description);
  return file.ok() ? WriteFileAtomically(path, *file) : Naming(path, file.status());
}

}  // namespace nap
