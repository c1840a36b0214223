// Hands a trained network over to programs that do not know NAP.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>

#include <filesystem>

#include "nap/base/program.h"
#include "nap/base/short_list.h"
#include "nap/base/status_macros.h"
#include "nap/model/onnx_file.h"
#include "nap/model/onnx_model.h"
#include "nap/model/torchscript.h"
#include "nap/report/run_schema.h"
#include "nap/training/checkpoint.h"
#include "nap/training/trained_network.h"

DEFINE_string(checkpoint, "", "a training run's folder, or one of its checkpoints");
DEFINE_string(out, "", "the file to write; empty: model.pt or model.onnx beside the checkpoint");
DEFINE_string(
    format, "torchscript",
    "torchscript: for torch.jit.load in Python and C++; onnx: for ONNX Runtime and others");

namespace nap {
namespace {

absl::StatusOr<TrainedNetwork> Read(const std::string& path, bool is_folder) {
  NAP_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                       is_folder ? ReadNewestCheckpoint(path) : ReadCheckpoint(path));
  auto trained = LoadTrainedNetwork(checkpoint);
  if (trained.ok()) return trained;
  return absl::Status(trained.status().code(),
                      absl::StrCat(path, ": ", trained.status().message()));
}

absl::Status Main() {
  const bool onnx = FLAGS_format == "onnx";
  if (!onnx && FLAGS_format != "torchscript") {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown format '", FLAGS_format, "'; known: torchscript, onnx"));
  }
  if (FLAGS_checkpoint.empty()) {
    return absl::InvalidArgumentError(
        "--checkpoint is missing: a training run's folder, or one of its checkpoints");
  }
  const std::filesystem::path path(FLAGS_checkpoint);
  std::error_code ignored;  // then reading says what is wrong
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  NAP_ASSIGN_OR_RETURN(const TrainedNetwork trained, Read(path, is_folder));
  const std::string out = FLAGS_out.empty() ? ((is_folder ? path : path.parent_path()) /
                                               (onnx ? run_file::kOnnxModel : run_file::kModel))
                                                  .string()
                                            : FLAGS_out;
  const auto write = onnx ? WriteOnnx : WriteTorchScript;
  NAP_RETURN_IF_ERROR(write(*trained.network, trained.description, out));

  int64_t parameters = 0;
  for (const auto& entry : trained.network->named_parameters()) {
    if (!absl::StartsWith(entry.key(), "auxiliary_head.")) parameters += entry.value().numel();
  }
  const ModelDescription& model = trained.description;
  absl::PrintF("Wrote %s: %s, %.1f MB, %d parameters, images of %d x %d\n", out,
               onnx ? absl::StrCat("ONNX, opset ", kOnnxOpset) : "TorchScript",
               static_cast<double>(std::filesystem::file_size(out)) / 1e6, parameters,
               model.image_size.height, model.image_size.width);
  absl::PrintF("  %d classes: %s\n", model.class_names.size(), ShortList(model.class_names));
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  return nap::RunProgram(
      argc, argv,
      {"export_model", "writes a trained network for programs that do not know NAP", __FILE__},
      nap::Main);
}
