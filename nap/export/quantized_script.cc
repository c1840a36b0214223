#include "nap/export/quantized_script.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/remove_mutation.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/export/quantizer.h"

namespace nap {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Use;
using torch::jit::Value;

// An operator that multiplies by weights, and what it calls its arguments.
struct LayerKind {
  const char* name;
  const char* input;
  const char* weight;
  const char* bias;  // empty: it has none
  int64_t axis;      // the weight's dimension of output channels
};

constexpr LayerKind kLayerKinds[] = {
    {"aten::conv2d", "input", "weight", "bias", 0},
    {"aten::_convolution", "input", "weight", "bias", 0},
    {"aten::convolution", "input", "weight", "bias", 0},
    {"aten::linear", "input", "weight", "bias", 0},
    {"aten::addmm", "mat1", "mat2", "self", 1},
    {"aten::mm", "self", "mat2", "", 1},
    {"aten::matmul", "self", "other", "", 1},
};

std::optional<size_t> Find(const Node& node, const char* argument) {
  const auto index = node.schema().argumentIndexWithName(argument);
  if (!index.has_value()) return std::nullopt;
  return static_cast<size_t>(*index);
}

std::optional<at::Tensor> ConstantTensor(const Value* value) {
  const auto constant = torch::jit::toIValue(value);
  if (!constant.has_value() || !constant->isTensor()) return std::nullopt;
  return constant->toTensor();
}

// Whether the argument is there and is not this constant.
bool Differs(const Node& node, const char* argument, double usual) {
  const auto index = Find(node, argument);
  if (!index.has_value()) return false;
  const auto value = torch::jit::toIValue(node.input(*index));
  return !value.has_value() ||
         (value->isBool() ? value->toBool() : value->toScalar().toDouble()) != usual;
}

struct Layer {
  Node* node;
  size_t input, weight;
  std::optional<size_t> bias;  // a constant of one dimension
  int64_t axis;
};

std::optional<Layer> LayerOf(Node* node) {
  for (const LayerKind& kind : kLayerKinds) {
    if (std::string(kind.name) != node->kind().toQualString()) continue;
    if (Differs(*node, "transposed", 0) || Differs(*node, "alpha", 1) ||
        Differs(*node, "beta", 1)) {
      return std::nullopt;
    }
    Layer layer{node, *Find(*node, kind.input), *Find(*node, kind.weight), {}, kind.axis};
    const auto weight = ConstantTensor(node->input(layer.weight));
    if (!weight.has_value() || weight->scalar_type() != at::kFloat || weight->dim() < 2) {
      return std::nullopt;
    }
    layer.bias = Find(*node, kind.bias);
    if (!layer.bias.has_value()) return layer;
    const auto bias = ConstantTensor(node->input(*layer.bias));
    const bool one_a_channel =
        bias.has_value() && bias->dim() == 1 && bias->size(0) == weight->size(layer.axis);
    if (!one_a_channel) layer.bias.reset();
    return layer;
  }
  return std::nullopt;
}

class Quantization {
 public:
  explicit Quantization(std::shared_ptr<Graph> graph) : graph_(std::move(graph)) {
    for (Node* node : graph_->nodes()) {
      if (const auto layer = LayerOf(node)) layers_.push_back(*layer);
    }
    for (const Layer& layer : layers_) layer_inputs_.insert({layer.node, layer.input});
    for (const Layer& layer : layers_) Round(layer.node->input(layer.input), /*for_all=*/false);
    for (const Layer& layer : layers_) {
      if (LeavesIntegers(layer.node->output())) Round(layer.node->output(), /*for_all=*/true);
    }
  }

  absl::Status Calibrate(const std::vector<at::Tensor>& batches) {
    std::vector<NumberRange> ranges(rounded_.size());
    for (const at::Tensor& images : batches) {
      const std::vector<at::Tensor> numbers = NumbersFor(images);
      for (size_t i = 0; i < rounded_.size(); ++i) ranges[i].Widen(numbers[i]);
    }
    for (size_t i = 0; i < rounded_.size(); ++i) {
      if (!ranges[i].IsFinite()) {
        return absl::FailedPreconditionError(
            "the network's numbers are not finite: has its training diverged?");
      }
      rounded_[i].as = CoverRange(ranges[i].low, ranges[i].high);
    }
    return absl::OkStatus();
  }

  // After Calibrate.
  void Rewrite() {
    for (const Layer& layer : layers_) RewriteParameters(layer);
    for (const Rounded& rounded : rounded_) RewriteUses(rounded);
  }

 private:
  struct Rounded {
    Value* value;
    bool for_all;  // that read it, or for layers alone
    Quantizer as;
  };

  void Round(Value* value, bool for_all) {
    for (Rounded& rounded : rounded_) {
      if (rounded.value != value) continue;
      rounded.for_all |= for_all;
      return;
    }
    rounded_.push_back({value, for_all, {}});
  }

  bool IsLayerInput(const Use& use) const {
    return layer_inputs_.count({use.user, use.offset}) != 0;
  }

  bool IsForLayersAlone(const Value* value) const {
    const auto& uses = value->uses();
    return std::all_of(uses.begin(), uses.end(), [&](const Use& use) { return IsLayerInput(use); });
  }

  // Whether something that computes with real numbers reads it. The network's answer stays as it
  // is.
  bool LeavesIntegers(const Value* value) const {
    const auto& uses = value->uses();
    return std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
      if (use.user == graph_->return_node() || IsLayerInput(use)) return false;
      return use.user->kind() != c10::aten::relu || !IsForLayersAlone(use.user->output());
    });
  }

  // Of rounded_, what they are for these images.
  std::vector<at::Tensor> NumbersFor(const at::Tensor& images) {
    const size_t outputs = graph_->outputs().size();
    for (const Rounded& rounded : rounded_) graph_->registerOutput(rounded.value);
    const torch::jit::Code code(graph_->copy(), "calibration");
    while (graph_->outputs().size() > outputs) graph_->eraseOutput(graph_->outputs().size() - 1);
    torch::jit::Stack stack = {c10::IValue(), images};
    torch::jit::InterpreterState(code).run(stack);
    std::vector<at::Tensor> numbers;
    for (size_t i = outputs; i < stack.size(); ++i) numbers.push_back(stack[i].toTensor());
    return numbers;
  }

  void RewriteParameters(const Layer& layer) {
    const Value* const input = layer.node->input(layer.input);
    const auto rounded = std::find_if(rounded_.begin(), rounded_.end(),
                                      [&](const Rounded& each) { return each.value == input; });
    const float input_scale = rounded->as.scale;
    at::Tensor scales =
        SymmetricScales(*ConstantTensor(layer.node->input(layer.weight)), layer.axis);
    if (layer.bias.has_value()) {
      // A channel of tiny weights must not make the bias too large for 32 bits.
      const at::Tensor bias = *ConstantTensor(layer.node->input(*layer.bias));
      scales = scales.maximum(bias.abs() / (input_scale * 0x1p30F));
    }
    scales = at::where(scales >= std::numeric_limits<float>::min(), scales, at::ones_like(scales));
    RewriteParameter(layer.node, layer.weight, scales, layer.axis, -kMostWeight, kMostWeight);
    if (!layer.bias.has_value()) return;
    RewriteParameter(layer.node, *layer.bias, scales * input_scale, /*axis=*/0,
                     std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  }

  void RewriteParameter(Node* node, size_t input, const at::Tensor& scales, int64_t axis,
                        int64_t least, int64_t most) {
    const torch::jit::WithInsertPoint before(node);
    const at::Tensor zero_points = at::zeros(scales.sizes(), at::kInt);
    node->replaceInput(
        input, graph_->insert(c10::aten::fake_quantize_per_channel_affine,
                              {node->input(input), scales, zero_points, axis, least, most}));
  }

  void RewriteUses(const Rounded& rounded) {
    const std::vector<Use> uses = rounded.value->uses();
    const bool is_given = rounded.value->node()->kind() == c10::prim::Param;
    const torch::jit::WithInsertPoint behind(is_given ? *graph_->nodes().begin()
                                                      : rounded.value->node()->next());
    Value* const result = graph_->insert(c10::aten::fake_quantize_per_tensor_affine,
                                         {rounded.value, static_cast<double>(rounded.as.scale),
                                          rounded.as.zero_point, int64_t{0}, kMostUint8});
    for (const Use& use : uses) {
      if (rounded.for_all || IsLayerInput(use)) use.user->replaceInput(use.offset, result);
    }
  }

  const std::shared_ptr<Graph> graph_;
  std::vector<Layer> layers_;
  std::set<std::pair<const Node*, size_t>> layer_inputs_;
  std::vector<Rounded> rounded_;
};

// An operator that changes what it is given, if there is one.
const Node* FindWriter(Graph* graph) {
  for (const Node* node : graph->nodes()) {
    if (node->maybeSchema() != nullptr && node->schema().is_mutable()) return node;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<torch::jit::Module> QuantizeScript(
    const torch::jit::Module& module, const std::vector<at::Tensor>& calibration_images) {
  CHECK(!calibration_images.empty());
  const at::NoGradGuard no_grad;
  torch::jit::Module quantized = torch::jit::freeze(module);
  const auto graph = quantized.get_method("forward").graph();
  torch::jit::RemoveTensorMutation(graph);
  if (const Node* writer = FindWriter(graph.get())) {
    return absl::UnimplementedError(absl::StrCat("int8 has nothing for ",
                                                 writer->kind().toQualString(),
                                                 ", which changes what others read"));
  }
  Quantization quantization(graph);
  NAP_RETURN_IF_ERROR(quantization.Calibrate(calibration_images));
  quantization.Rewrite();
  return quantized;
}

}  // namespace nap
