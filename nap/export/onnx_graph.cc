#include "nap/export/onnx_graph.h"

#include <ATen/core/grad_mode.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <glog/logging.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "nap/export/onnx_call.h"
#include "nap/export/onnx_operators.h"

namespace nap {
namespace {

using torch::jit::Node;
using torch::jit::Stack;

// "aten::relu" of relu and of relu_.
std::string NameOf(const Node& node) {
  return std::string(absl::StripSuffix(node.kind().toQualString(), "_"));
}

bool IsTensors(const c10::IValue& value) { return value.isTensor() || value.isTensorList(); }

class Walk {
 public:
  Walk(OnnxModel* model, UnknownOperator* unknown) : model_(model), unknown_(unknown) {}

  void Set(const torch::jit::Value* value, OnnxValue known) { values_[value] = std::move(known); }
  const OnnxValue& Get(const torch::jit::Value* value) const { return values_.at(value); }

  bool Visit(Node* node) {
    switch (node->kind()) {
      case c10::prim::Constant:
        Set(node->output(), {*torch::jit::toIValue(node->output()), {}, LabelOf(*node)});
        return true;
      case c10::prim::GetAttr:
        GetAttribute(*node);
        return true;
      case c10::prim::ListConstruct:
        return MakeList(*node);
      case c10::prim::ListUnpack:
        return UnpackList(*node);
      default:
        return Call(*node);
    }
  }

 private:
  bool Refuse(const Node& node, const std::string& reason) {
    *unknown_ = {node.kind().toQualString(), reason};
    return false;
  }

  std::vector<OnnxValue> Inputs(const Node& node) const {
    std::vector<OnnxValue> inputs;
    for (const torch::jit::Value* input : node.inputs()) inputs.push_back(Get(input));
    return inputs;
  }

  static bool DependOnImages(const std::vector<OnnxValue>& values) {
    for (const OnnxValue& value : values) {
      if (!value.names.empty()) return true;
    }
    return false;
  }

  // "part.weight" of what freezing has called "self.part.weight".
  static std::string LabelOf(const Node& constant) {
    const torch::jit::Value& value = *constant.output();
    if (!value.type()->isSubtypeOf(*c10::TensorType::get()) || !value.hasDebugName()) return "";
    return std::string(absl::StripPrefix(value.debugName(), "self."));
  }

  void GetAttribute(const Node& node) {
    const OnnxValue& object = Get(node.input());
    const std::string name = node.s(c10::attr::name);
    const std::string prefix = object.label.empty() ? "" : absl::StrCat(object.label, ".");
    Set(node.output(),
        {object.example.toObjectRef().getAttr(name), {}, absl::StrCat(prefix, name)});
  }

  bool MakeList(const Node& node) {
    const std::vector<OnnxValue> elements = Inputs(node);
    const auto list_type = node.output()->type()->expect<c10::ListType>();
    c10::impl::GenericList examples(list_type->getElementType());
    OnnxValue list;
    const bool computed = DependOnImages(elements);
    for (const OnnxValue& element : elements) {
      examples.push_back(element.example);
      if (!computed) continue;
      if (!element.example.isTensor() || element.example.toTensor().scalar_type() != at::kFloat) {
        return Refuse(node, "of what is no tensor of type Float");
      }
      list.names.push_back(element.names.empty() ? Constant(element) : element.names[0]);
    }
    list.example = std::move(examples);
    Set(node.output(), std::move(list));
    return true;
  }

  std::string Constant(const OnnxValue& tensor) {
    const at::Tensor numbers = tensor.example.toTensor().contiguous();
    return model_->AddFloats(numbers.sizes().vec(), numbers.data_ptr<float>(), tensor.label);
  }

  bool UnpackList(const Node& node) {
    const OnnxValue& list = Get(node.input());
    const auto& examples = list.example.toListRef();
    for (size_t i = 0; i < node.outputs().size(); ++i) {
      OnnxValue element{examples[i]};
      if (!list.names.empty()) element.names = {list.names[i]};
      Set(node.output(i), std::move(element));
    }
    return true;
  }

  bool Call(const Node& node) {
    if (!node.maybeSchema() || !node.blocks().empty()) return Refuse(node, "");
    const std::vector<OnnxValue> inputs = Inputs(node);
    OnnxValue output{Compute(node, inputs)};
    const bool rounds = OnnxQuantizationOperators().count(NameOf(node)) > 0;
    if (DependOnImages(inputs) || rounds) {
      const OnnxOperator* const write = FindOnnxOperator(NameOf(node));
      if (write == nullptr || !IsTensors(output.example)) return Refuse(node, "");
      OnnxCall call(node.schema(), inputs, output.example, model_);
      (*write)(&call);
      if (!call.refusal().empty()) return Refuse(node, call.refusal());
      output.names = call.names();
    } else if (!inputs.empty() && !inputs[0].label.empty()) {
      output.label = absl::StrCat(inputs[0].label, ".", node.kind().toUnqualString());
    }
    if (output.example.isTensor() && !output.names.empty() &&
        output.example.toTensor().scalar_type() != at::kFloat) {
      return Refuse(
          node, absl::StrCat("of type ", c10::toString(output.example.toTensor().scalar_type())));
    }
    Set(node.output(), std::move(output));
    return true;
  }

  // What it gives for the images. One that overwrites its input gets a copy, as it does in ONNX.
  static c10::IValue Compute(const Node& node, const std::vector<OnnxValue>& inputs) {
    Stack stack;
    for (const OnnxValue& input : inputs) stack.push_back(input.example);
    const auto& arguments = node.schema().arguments();
    for (size_t i = 0; i < arguments.size(); ++i) {
      const c10::AliasInfo* alias = arguments[i].alias_info();
      if (alias != nullptr && alias->isWrite()) stack[i] = stack[i].toTensor().clone();
    }
    node.getOperation()(stack);
    return stack.back();
  }

  OnnxModel* const model_;
  UnknownOperator* const unknown_;
  std::unordered_map<const torch::jit::Value*, OnnxValue> values_;
};

std::vector<int64_t> AnyNumber(const at::Tensor& tensor) {
  std::vector<int64_t> shape = tensor.sizes().vec();
  shape[0] = kOnnxBatch;
  return shape;
}

}  // namespace

absl::Status AddForward(const torch::jit::Module& module, const at::Tensor& images,
                        OnnxModel* model, UnknownOperator* unknown) {
  const at::NoGradGuard no_grad;
  const auto graph = module.get_method("forward").graph()->copy();
  torch::jit::Inline(*graph);
  torch::jit::EliminateDeadCode(graph);
  Walk walk(model, unknown);
  model->SetInput("images", AnyNumber(images));
  CHECK_EQ(graph->inputs().size(), 2U);
  walk.Set(graph->inputs()[0], {module._ivalue()});
  walk.Set(graph->inputs()[1], {images, {"images"}});
  for (Node* node : graph->nodes()) {
    if (walk.Visit(node)) continue;
    const std::string why = unknown->reason.empty() ? "" : absl::StrCat(" ", unknown->reason);
    return absl::UnimplementedError(absl::StrCat("the operator ", unknown->name, why));
  }
  const OnnxValue& output = walk.Get(graph->outputs()[0]);
  const at::Tensor logits = output.example.toTensor();
  // As in torchscript.cc.
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  torch::jit::Module called = module;
  const at::Tensor expected = called.forward({images}).toTensor();
  if (!logits.allclose(expected, /*rtol=*/1e-3, 1e-3 * expected.abs().max().item<double>(),
                       /*equal_nan=*/true)) {
    return absl::InternalError("it overwrites what it still reads by another name");
  }
  model->SetOutput(output.names[0], "logits", AnyNumber(logits));
  return absl::OkStatus();
}

}  // namespace nap
