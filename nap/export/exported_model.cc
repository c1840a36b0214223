#include "nap/export/exported_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <exception>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/base/utf8.h"
#include "nap/export/torchscript.h"

namespace nap {
namespace {

absl::Status Error(absl::string_view what) { return absl::DataLossError(what); }

absl::StatusOr<c10::IValue> Attribute(const torch::jit::Module& module, const char* name,
                                      const c10::Type& type) {
  if (!module.hasattr(name)) return Error(absl::StrCat("it has no ", name));
  const c10::IValue value = module.attr(name);
  if (!value.type()->isSubtypeOf(type)) {
    return Error(absl::StrCat("its ", name, " is a ", value.type()->str(), ", not a ", type.str()));
  }
  return value;
}

absl::StatusOr<std::vector<float>> Numbers(const torch::jit::Module& module, const char* name) {
  NAP_ASSIGN_OR_RETURN(const c10::IValue value,
                       Attribute(module, name, *c10::ListType::ofFloats()));
  const std::vector<double> numbers = value.toDoubleVector();
  return std::vector<float>(numbers.begin(), numbers.end());
}

absl::StatusOr<ImageSize> ReadImageSize(const torch::jit::Module& module) {
  std::vector<int64_t> sides;
  if (module.hasattr("image_size") && module.attr("image_size").isIntList()) {
    sides = module.attr("image_size").toIntVector();
  } else {
    NAP_ASSIGN_OR_RETURN(const c10::IValue side,
                         Attribute(module, "image_size", *c10::IntType::get()));
    sides.assign(2, side.toInt());
  }
  const bool fine = sides.size() == 2 && std::all_of(sides.begin(), sides.end(), [](int64_t side) {
                      return side >= 1 && side <= 4096;
                    });
  if (!fine) return Error(absl::StrCat("its image_size is ", absl::StrJoin(sides, " x ")));
  return ImageSize{sides[0], sides[1]};
}

absl::Status ReadAttributes(ExportedModel* model) {
  const torch::jit::Module& module = model->module;
  NAP_ASSIGN_OR_RETURN(const c10::IValue names,
                       Attribute(module, "class_names", *c10::ListType::ofStrings()));
  for (const c10::IValue& name : names.toListRef()) {
    model->class_names.push_back(FromUtf8(name.toStringRef()));
  }
  NAP_ASSIGN_OR_RETURN(model->mean, Numbers(module, "mean"));
  NAP_ASSIGN_OR_RETURN(model->stddev, Numbers(module, "stddev"));
  if (model->mean.empty() || model->mean.size() != model->stddev.size()) {
    return Error(absl::StrCat("it has ", model->mean.size(), " means and ", model->stddev.size(),
                              " spreads of channels"));
  }
  for (const float stddev : model->stddev) {
    if (!(stddev > 0)) return Error(absl::StrCat("its stddev has a ", stddev));
  }
  NAP_ASSIGN_OR_RETURN(model->image_size, ReadImageSize(module));
  if (module.hasattr("test_crop")) {
    NAP_ASSIGN_OR_RETURN(const c10::IValue crop,
                         Attribute(module, "test_crop", *c10::FloatType::get()));
    model->test_crop = crop.toDouble();
    if (!(*model->test_crop > 0 && *model->test_crop <= 1)) {
      return Error(absl::StrCat("its test_crop is ", *model->test_crop));
    }
  }
  return absl::OkStatus();
}

// Whether it answers an image as it should.
absl::Status Try(ExportedModel* model, const c10::Device& device) {
  const auto channels = static_cast<int64_t>(model->mean.size());
  const auto classes = static_cast<int64_t>(model->class_names.size());
  model->module.to(device);
  model->module.eval();
  try {
    const at::Tensor images =
        at::zeros({2, channels, model->image_size.height, model->image_size.width},
                  at::TensorOptions(at::kFloat).device(device));
    const at::Tensor answers = LogProbabilities(model, images);
    if (answers.sizes() == at::IntArrayRef({2, classes})) return absl::OkStatus();
    return Error(absl::StrCat("its answer to 2 images is [", absl::StrJoin(answers.sizes(), ", "),
                              "], not [2, ", classes, "]"));
  } catch (const std::exception&) {
    return Error(absl::StrCat("it does not read images of ", channels, " channels and ",
                              model->image_size.height, " x ", model->image_size.width, " pixels"));
  }
}

absl::StatusOr<ExportedModel> Parse(const std::string& bytes, const c10::Device& device) {
  ExportedModel model;
  NAP_ASSIGN_OR_RETURN(model.module, ParseTorchScript(bytes));
  NAP_RETURN_IF_ERROR(ReadAttributes(&model));
  NAP_RETURN_IF_ERROR(Try(&model, device));
  return model;
}

}  // namespace

absl::StatusOr<ExportedModel> ReadExportedModel(const std::string& path,
                                                const c10::Device& device) {
  NAP_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  absl::StatusOr<ExportedModel> model = Parse(bytes, device);
  if (model.ok()) return model;
  return Error(absl::StrCat(path, " is no whole model.pt (", model.status().message(),
                            "); tools/export_model makes one from a training's checkpoint"));
}

at::Tensor LogProbabilities(ExportedModel* model, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  // As in torchscript.cc: at its second call a script would be compiled.
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  const at::Tensor logits = model->module.forward({images}).toTensor();
  return logits.to(at::kCPU, at::kDouble).log_softmax(1).contiguous();
}

}  // namespace nap
