#include "nap/export/torchscript.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <absl/strings/str_cat.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <glog/logging.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/base/utf8.h"
#include "nap/base/version.h"
#include "nap/base/zip_archive.h"
#include "nap/runtime/random_state.h"

namespace nap {
namespace {

// The network on the CPU, in evaluation mode, without what only training needs.
absl::StatusOr<std::shared_ptr<DerivedNetwork>> ForEvaluation(const DerivedNetwork& network) {
  const RandomGuard guard;  // a new network's weights are drawn
  DerivedNetworkSpec spec = network.spec();
  spec.auxiliary_head = false;
  NAP_ASSIGN_OR_RETURN(std::shared_ptr<DerivedNetwork> copy, DerivedNetwork::Create(spec));
  const auto parameters = network.named_parameters();
  for (auto& entry : copy->named_parameters()) entry.value().copy_(parameters[entry.key()]);
  const auto buffers = network.named_buffers();
  for (auto& entry : copy->named_buffers()) entry.value().copy_(buffers[entry.key()]);
  copy->eval();
  return copy;
}

// A module with the same parameters, buffers and children, sharing their memory. Its type is called
// after `path`.
torch::jit::Module WithoutForward(const torch::nn::Module& module, const std::string& path,
                                  const std::shared_ptr<torch::jit::CompilationUnit>& unit) {
  torch::jit::Module script(c10::QualifiedName("__torch__.nap." + path), unit,
                            /*shouldMangle=*/true);
  // train() and eval() of the loaded module set it.
  script.register_attribute("training", c10::BoolType::get(), false);
  for (const auto& entry : module.named_parameters(/*recurse=*/false)) {
    script.register_parameter(entry.key(), entry.value(), /*is_buffer=*/false);
  }
  for (const auto& entry : module.named_buffers(/*recurse=*/false)) {
    script.register_buffer(entry.key(), entry.value());
  }
  for (const auto& entry : module.named_children()) {
    script.register_module(
        entry.key(), WithoutForward(*entry.value(), absl::StrCat(path, "_", entry.key()), unit));
  }
  return script;
}

at::Tensor RandomImages(const ModelDescription& description, int64_t images,
                        const ImageSize& size) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(images));
  return at::randn({images, description.spec.network.image_channels, size.height, size.width},
                   generator, at::kFloat);
}

void AddAttributes(const ModelDescription& description, torch::jit::Module* script) {
  c10::List<std::string> names;  // Python reads no others than UTF-8
  for (const std::string& name : description.class_names) names.push_back(ToUtf8(name));
  script->register_attribute("class_names", c10::ListType::ofStrings(), names);
  const auto add_numbers = [&](const char* name, const std::vector<float>& numbers) {
    c10::List<double> list;
    for (const float number : numbers) list.push_back(number);
    script->register_attribute(name, c10::ListType::ofFloats(), list);
  };
  add_numbers("mean", description.mean);
  add_numbers("stddev", description.stddev);
  const ImageSize& size = description.image_size;
  if (size.height == size.width) {
    script->register_attribute("image_size", c10::IntType::get(), size.height);
  } else {
    script->register_attribute("image_size", c10::ListType::ofInts(),
                               c10::List<int64_t>({size.height, size.width}));
  }
  if (description.test_crop.has_value()) {
    script->register_attribute("test_crop", c10::FloatType::get(), *description.test_crop);
  }
  script->register_attribute("nap_version", c10::StringType::get(), std::string(kVersion));
  script->register_attribute("genotype", c10::StringType::get(),
                             GenotypeToJson(description.spec.genotype));
}

// Whether both answer alike, but for rounding.
bool Agree(torch::jit::Module* script, DerivedNetwork* network, const at::Tensor& images) {
  // At its second call a script would be compiled, which takes longer than what is asked here, and
  // in Debian 13's LibTorch 2.6 does not end.
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  try {
    const at::Tensor expected = network->Forward(images).logits;
    const at::Tensor actual = script->forward({images}).toTensor();
    const double largest = expected.abs().max().item<double>();
    return actual.sizes() == expected.sizes() &&
           actual.allclose(expected, /*rtol=*/1e-3, /*atol=*/1e-3 * std::max(largest, 1e-6),
                           /*equal_nan=*/true);
  } catch (const c10::Error&) {  // sizes that do not fit
    return false;
  }
}

}  // namespace

torch::jit::Module Trace(
    const torch::nn::Module& module, const std::string& name, const std::vector<at::Tensor>& inputs,
    const std::vector<std::string>& input_names,
    const std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>& forward) {
  torch::jit::Module script =
      WithoutForward(module, name, std::make_shared<torch::jit::CompilationUnit>());
  const auto traced = [&](const torch::jit::Stack& stack) {
    std::vector<at::Tensor> given;
    for (const c10::IValue& input : stack) given.push_back(input.toTensor());
    return torch::jit::Stack{forward(given)};
  };
  const auto no_name = [](const at::Tensor&) { return std::string(); };
  const auto trace = torch::jit::tracer::trace(torch::jit::Stack(inputs.begin(), inputs.end()),
                                               traced, no_name, /*strict=*/true,
                                               /*force_outplace=*/false, &script, input_names);
  const auto type = script.type();
  type->addMethod(script._ivalue()->compilation_unit()->create_function(
      c10::QualifiedName(*type->name(), "forward"), trace.first->graph));
  return script;
}

absl::StatusOr<TorchScriptFile> ToTorchScript(const DerivedNetwork& network,
                                              const ModelDescription& description) {
  const c10::AutoGradMode no_grad(false);
  NAP_ASSIGN_OR_RETURN(const std::shared_ptr<DerivedNetwork> evaluated, ForEvaluation(network));
  const ImageSize& size = description.image_size;
  torch::jit::Module script = Trace(
      *evaluated, "DerivedNetwork", {RandomImages(description, 2, size)}, {"images"},
      [&](const std::vector<at::Tensor>& inputs) { return evaluated->Forward(inputs[0]).logits; });
  AddAttributes(description, &script);
  std::stringstream file;
  script.save(file);

  torch::jit::Module loaded = torch::jit::load(file);
  if (!Agree(&loaded, evaluated.get(), RandomImages(description, 3, size))) {
    return absl::InternalError(
        "as TorchScript the network computes something else; an operation's Forward must compute "
        "with LibTorch's operators alone (torchscript.h)");
  }
  return TorchScriptFile{file.str(),
                         Agree(&loaded, evaluated.get(),
                               RandomImages(description, 1, {size.height + 1, size.width + 1}))};
}

absl::Status WriteTorchScript(const DerivedNetwork& network, const ModelDescription& description,
                              const std::string& path) {
  const absl::StatusOr<TorchScriptFile> file = ToTorchScript(network, description);
  if (!file.ok()) {
    return absl::Status(file.status().code(),
                        absl::StrCat("cannot write ", path, ": ", file.status().message()));
  }
  if (!file->any_size) {
    const ImageSize& size = description.image_size;
    LOG(WARNING) << path << " is right for images of " << size.height << " x " << size.width
                 << " pixels only: an operation reads its input's size in C++";
  }
  return WriteFileAtomically(path, file->content);
}

absl::StatusOr<torch::jit::Module> ParseTorchScript(const std::string& bytes) {
  NAP_RETURN_IF_ERROR(CheckZipArchive(bytes));
  std::istringstream file(bytes);
  try {
    return torch::jit::load(file);
  } catch (const std::exception&) {
    return absl::DataLossError("it holds no TorchScript");
  }
}

}  // namespace nap
