// Hands a trained network over to programs that do not know NAP.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "nap/base/files.h"
#include "nap/base/program.h"
#include "nap/base/short_list.h"
#include "nap/base/status_macros.h"
#include "nap/export/onnx_file.h"
#include "nap/export/onnx_model.h"
#include "nap/export/torchscript.h"
#include "nap/report/run_schema.h"
#include "nap/training/checkpoint.h"
#include "nap/training/trained_network.h"
#include "tools/int8_export.h"
#include "tools/pytorch_module.h"

DEFINE_string(checkpoint, "", "a training run's folder, or one of its checkpoints");
DEFINE_string(out, "",
              "the file, or for pytorch the folder, to write; empty: model.pt, model.onnx (of int8 "
              "model_int8.onnx) or pytorch beside the checkpoint");
DEFINE_string(format, "torchscript", "what for");
DEFINE_string(
    quantize, "none",
    "with --format=onnx: what layers compute with; int8 is calibrated with training images "
    "and says how much accuracy is lost on the test images");

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

struct Format {
  const char* name;
  const char* purpose;
  const char* usual_out;
  std::string title;
  std::function<absl::Status(const TrainedNetwork& trained, const std::string& out)> write;
};

const std::vector<Format>& Formats() {
  static const auto* const formats = new std::vector<Format>{
      {"torchscript", "for torch.jit.load in Python and C++", run_file::kModel, "TorchScript",
       [](const TrainedNetwork& trained, const std::string& out) {
         return WriteTorchScript(*trained.network, trained.description, out);
       }},
      {"onnx", "for ONNX Runtime and others", run_file::kOnnxModel,
       absl::StrCat("ONNX, opset ", kOnnxOpset),
       [](const TrainedNetwork& trained, const std::string& out) {
         return WriteOnnx(*trained.network, trained.description, out);
       }},
      {"pytorch", "a module of plain PyTorch with its weights, to be trained further", "pytorch",
       "PyTorch", WritePyTorch}};
  return *formats;
}

const Format& Int8Format() {
  static const auto* const format = new Format{
      "onnx", "", run_file::kInt8OnnxModel, absl::StrCat("ONNX of int8, opset ", kOnnxOpset),
      [](const TrainedNetwork& trained, const std::string& out) {
        return WriteInt8Onnx(trained, FLAGS_checkpoint, out);
      }};
  return *format;
}

FlagChoices FormatChoices() {
  return {"format", [] {
            return absl::StrJoin(Formats(), "", [](std::string* out, const Format& format) {
              absl::StrAppend(out, format.name, ": ", format.purpose, "\n");
            });
          }};
}

constexpr char kInt8[] = "int8";

const std::vector<std::string>& QuantizationNames() {
  static const auto* const names = new std::vector<std::string>{"none", kInt8};
  return *names;
}

absl::Status Unknown(const char* flag, const std::string& name,
                     const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(
      absl::StrCat("unknown ", flag, " '", name, "'; known: ", absl::StrJoin(known, ", ")));
}

// What --format and --quantize name.
absl::StatusOr<const Format*> FindFormat() {
  const auto& quantizations = QuantizationNames();
  if (std::find(quantizations.begin(), quantizations.end(), FLAGS_quantize) ==
      quantizations.end()) {
    return Unknown("quantize", FLAGS_quantize, quantizations);
  }
  std::vector<std::string> names;
  for (const Format& format : Formats()) {
    names.push_back(format.name);
    if (FLAGS_format != format.name) continue;
    if (FLAGS_quantize != kInt8) return &format;
    if (FLAGS_format == "onnx") return &Int8Format();
    return absl::InvalidArgumentError("--quantize=int8 needs --format=onnx");
  }
  return Unknown("format", FLAGS_format, names);
}

// Of a file, or of all files in a folder.
int64_t SizeOf(const std::string& path) {
  if (!std::filesystem::is_directory(path)) {
    return static_cast<int64_t>(std::filesystem::file_size(path));
  }
  int64_t size = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    size += static_cast<int64_t>(entry.file_size());
  }
  return size;
}

absl::Status Main() {
  NAP_ASSIGN_OR_RETURN(const Format* const format, FindFormat());
  if (FLAGS_checkpoint.empty()) {
    return absl::InvalidArgumentError(
        "--checkpoint is missing: a training run's folder, or one of its checkpoints");
  }
  const std::filesystem::path path(FLAGS_checkpoint);
  std::error_code ignored;  // then reading says what is wrong
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  NAP_ASSIGN_OR_RETURN(const TrainedNetwork trained, Read(path, is_folder));
  const std::string out =
      FLAGS_out.empty() ? ((is_folder ? path : path.parent_path()) / format->usual_out).string()
                        : FLAGS_out;
  // Found out now, not after minutes of calibration.
  if (FLAGS_quantize == kInt8) NAP_RETURN_IF_ERROR(PrepareToWrite(out));
  NAP_RETURN_IF_ERROR(format->write(trained, out));

  int64_t parameters = 0;
  for (const auto& entry : trained.network->named_parameters()) {
    if (!absl::StartsWith(entry.key(), "auxiliary_head.")) parameters += entry.value().numel();
  }
  const ModelDescription& model = trained.description;
  absl::PrintF("Wrote %s: %s, %.1f MB, %d parameters, images of %d x %d\n", out, format->title,
               static_cast<double>(SizeOf(out)) / 1e6, parameters, model.image_size.height,
               model.image_size.width);
  absl::PrintF("  %d classes: %s\n", model.class_names.size(), ShortList(model.class_names));
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::SpinLess(argv);
  nap::ProgramOptions options{
      "export_model", "writes a trained network for programs that do not know NAP", __FILE__};
  options.choices = {nap::FormatChoices(), nap::NamesOf("quantize", nap::QuantizationNames())};
  nap::AddInt8Flags(&options);
  const std::vector<nap::FlagGroup> of_int8 = options.groups;
  options.complete = [of_int8](const auto& given, const auto&) {
    if (FLAGS_quantize == nap::kInt8) return absl::OkStatus();
    for (const nap::FlagGroup& group : of_int8) {
      NAP_RETURN_IF_ERROR(
          nap::RefuseFlags(given, group.flags, "only --quantize=int8 looks at images"));
    }
    return absl::OkStatus();
  };
  return nap::RunProgram(argc, argv, options, nap::Main);
}
