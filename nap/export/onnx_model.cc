#include "nap/export/onnx_model.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <exception>
#include <limits>
#include <map>
#include <set>

#include "nap/base/version.h"

namespace nap {
namespace {

constexpr int64_t kIrVersion = 7;  // of ONNX 1.8, with which kOnnxOpset came

onnx::AttributeProto Proto(const OnnxAttribute& attribute) {
  onnx::AttributeProto proto;
  proto.set_name(attribute.name);
  if (const auto* integer = std::get_if<int64_t>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*integer);
  } else if (const auto* number = std::get_if<float>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(*number);
  } else if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(*text);
  } else {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t integer : std::get<std::vector<int64_t>>(attribute.value)) {
      proto.add_ints(integer);
    }
  }
  return proto;
}

std::string Text(const onnx::AttributeProto& attribute) {
  std::string value;
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      value = absl::StrCat(attribute.i());
      break;
    case onnx::AttributeProto::FLOAT:
      value = absl::StrCat(attribute.f());
      break;
    case onnx::AttributeProto::STRING:
      value = attribute.s();
      break;
    default:
      value = absl::StrCat("[", absl::StrJoin(attribute.ints(), ", "), "]");
  }
  return absl::StrCat(attribute.name(), "=", value);
}

void SetType(const std::string& name, const std::vector<int64_t>& shape,
             onnx::ValueInfoProto* value) {
  value->set_name(name);
  auto* type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) {
    auto* dimension = type->mutable_shape()->add_dim();
    if (size >= 0) {
      dimension->set_dim_value(size);
    } else {
      dimension->set_dim_param("batch");
    }
  }
}

}  // namespace

struct OnnxModel::Parts {
  onnx::ModelProto model;
  std::set<std::string> names;
  std::map<std::pair<std::vector<int64_t>, bool>, std::string> integers;  // by is_list, too
};

OnnxModel::OnnxModel() : parts_(std::make_unique<Parts>()) {
  onnx::ModelProto& model = parts_->model;
  model.set_ir_version(kIrVersion);
  auto* operators = model.add_opset_import();
  operators->set_domain("");
  operators->set_version(kOnnxOpset);
  model.set_producer_name("NAP");
  model.set_producer_version(kVersion);
  model.mutable_graph()->set_name("network");
}

OnnxModel::~OnnxModel() = default;

std::string OnnxModel::NewName(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 1; !parts_->names.insert(name).second; ++i) name = absl::StrCat(wanted, "_", i);
  return name;
}

std::string OnnxModel::AddFloats(const std::vector<int64_t>& shape, const float* numbers,
                                 const std::string& name) {
  return AddConstant(onnx::TensorProto::FLOAT, shape, numbers, sizeof(float), name);
}

std::string OnnxModel::AddInt8s(const std::vector<int64_t>& shape, const int8_t* numbers,
                                const std::string& name) {
  return AddConstant(onnx::TensorProto::INT8, shape, numbers, sizeof(int8_t), name);
}

std::string OnnxModel::AddUint8s(const std::vector<int64_t>& shape, const uint8_t* numbers,
                                 const std::string& name) {
  return AddConstant(onnx::TensorProto::UINT8, shape, numbers, sizeof(uint8_t), name);
}

std::string OnnxModel::AddInt32s(const std::vector<int64_t>& shape, const int32_t* numbers,
                                 const std::string& name) {
  return AddConstant(onnx::TensorProto::INT32, shape, numbers, sizeof(int32_t), name);
}

std::string OnnxModel::AddConstant(int type, const std::vector<int64_t>& shape, const void* numbers,
                                   size_t size_of_one, const std::string& name) {
  onnx::TensorProto* constant = parts_->model.mutable_graph()->add_initializer();
  constant->set_name(NewName(name.empty() ? "number" : name));
  constant->set_data_type(type);
  size_t count = 1;
  for (const int64_t size : shape) {
    constant->add_dims(size);
    count *= static_cast<size_t>(size);
  }
  // Little-endian, as all machines that NAP runs on.
  constant->set_raw_data(numbers, count * size_of_one);
  return constant->name();
}

std::string OnnxModel::AddIntegers(const std::vector<int64_t>& numbers) {
  return AddIntegers(numbers, /*is_list=*/true);
}

std::string OnnxModel::AddInteger(int64_t number) {
  return AddIntegers({number}, /*is_list=*/false);
}

std::string OnnxModel::AddIntegers(const std::vector<int64_t>& numbers, bool is_list) {
  std::string& name = parts_->integers[{numbers, is_list}];
  if (!name.empty()) return name;
  onnx::TensorProto* constant = parts_->model.mutable_graph()->add_initializer();
  name = NewName(is_list ? "integers" : "integer");
  constant->set_name(name);
  constant->set_data_type(onnx::TensorProto::INT64);
  if (is_list) constant->add_dims(static_cast<int64_t>(numbers.size()));
  for (const int64_t number : numbers) constant->add_int64_data(number);
  return name;
}

std::string OnnxModel::AddNode(const std::string& type, const std::vector<std::string>& inputs,
                               const std::vector<OnnxAttribute>& attributes) {
  onnx::NodeProto* node = parts_->model.mutable_graph()->add_node();
  node->set_op_type(type);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(NewName(type));
  node->set_name(node->output(0));
  for (const OnnxAttribute& attribute : attributes) *node->add_attribute() = Proto(attribute);
  return node->output(0);
}

void OnnxModel::SetInput(const std::string& name, const std::vector<int64_t>& shape) {
  SetType(NewName(name), shape, parts_->model.mutable_graph()->add_input());
}

void OnnxModel::SetOutput(const std::string& value, const std::string& name,
                          const std::vector<int64_t>& shape) {
  onnx::GraphProto* graph = parts_->model.mutable_graph();
  const std::string given = NewName(name);
  for (onnx::NodeProto& node : *graph->mutable_node()) {
    for (std::string& input : *node.mutable_input()) input = input == value ? given : input;
    if (node.output(0) == value) node.set_output(0, given);
  }
  SetType(given, shape, graph->add_output());
}

void OnnxModel::AddMetadata(const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto* entry = parts_->model.add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

absl::StatusOr<std::string> OnnxModel::Serialize() const {
  const onnx::ModelProto& model = parts_->model;
  if (model.ByteSizeLong() > std::numeric_limits<int32_t>::max()) {
    return absl::ResourceExhaustedError("a file of ONNX holds no more than 2 GiB");
  }
  try {
    onnx::checker::check_model(model);
    onnx::ModelProto with_shapes = model;
    const onnx::ShapeInferenceOptions all(/*check_type_val=*/true, /*strict_mode_val=*/1);
    onnx::shape_inference::InferShapes(with_shapes, onnx::OpSchemaRegistry::Instance(), all);
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("ONNX's checker says: ", absl::StrReplaceAll(error.what(), {{"\n", " "}})));
  }
  return model.SerializeAsString();
}

std::string OnnxModel::NodesForTests() const {
  std::string lines;
  for (const onnx::NodeProto& node : parts_->model.graph().node()) {
    std::vector<std::string> operands(node.input().begin(), node.input().end());
    for (const auto& attribute : node.attribute()) operands.push_back(Text(attribute));
    absl::StrAppend(&lines, node.output(0), " = ", node.op_type(), "(",
                    absl::StrJoin(operands, ", "), ")\n");
  }
  return lines;
}

}  // namespace nap
