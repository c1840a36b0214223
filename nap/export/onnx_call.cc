#include "nap/export/onnx_call.h"

#include <absl/strings/str_cat.h>
#include <c10/core/ScalarType.h>
#include <glog/logging.h>

#include <utility>

namespace nap {

const OnnxValue& OnnxCall::Argument(const std::string& name) const {
  const auto index = schema_.argumentIndexWithName(name);
  CHECK(index.has_value()) << schema_ << " has no " << name;
  return arguments_[*index];
}

bool OnnxCall::Has(const std::string& argument) const {
  return schema_.argumentIndexWithName(argument).has_value() && !Value(argument).isNone();
}

const c10::IValue& OnnxCall::Value(const std::string& argument) const {
  return Argument(argument).example;
}

std::vector<int64_t> OnnxCall::Integers(const std::string& argument, size_t size) const {
  const c10::IValue& value = Value(argument);
  std::vector<int64_t> integers =
      value.isInt() ? std::vector<int64_t>{value.toInt()} : value.toIntVector();
  if (integers.size() == 1) integers.resize(size, integers[0]);
  return integers;
}

std::vector<int64_t> OnnxCall::Shape(const std::string& argument) const {
  return Value(argument).toTensor().sizes().vec();
}

int64_t OnnxCall::Dimension(const std::string& argument, int64_t dimension) const {
  const int64_t count = Value(argument).toTensor().dim();
  return dimension < 0 ? dimension + count : dimension;
}

bool OnnxCall::IsConstant(const std::string& argument) const {
  return Argument(argument).names.empty();
}

std::string OnnxCall::Operand(const std::string& argument) { return Operand(Argument(argument)); }

std::string OnnxCall::Operand(const OnnxValue& value) {
  if (value.names.size() == 1) return value.names[0];
  if (value.example.isScalar()) return Constant(value.example.toScalar().toDouble());
  if (value.example.isTensor()) return Constant(value.example.toTensor(), value.label);
  Refuse(absl::StrCat("of a ", value.example.tagKind()));
  return "";
}

std::vector<std::string> OnnxCall::Operands(const std::string& argument) {
  const OnnxValue& list = Argument(argument);
  if (!list.names.empty()) return list.names;
  std::vector<std::string> names;
  for (const at::Tensor& tensor : list.example.toTensorVector()) names.push_back(Constant(tensor));
  return names;
}

std::string OnnxCall::Constant(const at::Tensor& tensor, const std::string& name) {
  // A number that C++ has made a tensor has another type than those that it meets.
  if (tensor.scalar_type() != at::kFloat && tensor.dim() > 0) {
    Refuse(absl::StrCat("of a tensor of type ", c10::toString(tensor.scalar_type())));
  }
  const at::Tensor numbers = tensor.to(at::kCPU, at::kFloat).contiguous();
  return model_->AddFloats(numbers.sizes().vec(), numbers.data_ptr<float>(), name);
}

std::string OnnxCall::IntegerConstant(const at::Tensor& tensor, at::ScalarType type,
                                      const std::string& name) {
  const at::Tensor integers = tensor.to(type).contiguous();
  const std::vector<int64_t> shape = integers.sizes().vec();
  if (type == at::kChar) return model_->AddInt8s(shape, integers.data_ptr<int8_t>(), name);
  if (type == at::kByte) return model_->AddUint8s(shape, integers.data_ptr<uint8_t>(), name);
  CHECK(type == at::kInt);
  return model_->AddInt32s(shape, integers.data_ptr<int32_t>(), name);
}

std::string OnnxCall::Constant(double number) {
  const auto rounded = static_cast<float>(number);
  return model_->AddFloats({}, &rounded);
}

}  // namespace nap
