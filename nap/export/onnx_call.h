// A call of one of LibTorch's operators, as those see it who write it in ONNX's.
#ifndef NAP_EXPORT_ONNX_CALL_H_
#define NAP_EXPORT_ONNX_CALL_H_

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nap/export/onnx_model.h"

namespace nap {

// What an operator takes or gives, for one batch of images that the network is called with.
struct OnnxValue {
  c10::IValue example;
  // The value in the model of what is computed from the images: of a tensor one, of a list one for
  // each tensor. Empty: it is a constant.
  std::vector<std::string> names = {};
  std::string label = {};  // of a constant, which the model calls so
};

class OnnxCall {
 public:
  // All but the arguments must outlive it.
  OnnxCall(const c10::FunctionSchema& schema, std::vector<OnnxValue> arguments,
           const c10::IValue& result, OnnxModel* model)
      : schema_(schema), arguments_(std::move(arguments)), result_(result), model_(model) {}

  // Arguments by the names that LibTorch gives them. Whether there is one, and not None.
  bool Has(const std::string& argument) const;
  const c10::IValue& Value(const std::string& argument) const;
  int64_t Integer(const std::string& argument) const { return Value(argument).toInt(); }
  double Number(const std::string& argument) const { return Value(argument).toScalar().toDouble(); }
  bool Flag(const std::string& argument) const { return Value(argument).toBool(); }
  // A list. One integer stands for `size` equal ones.
  std::vector<int64_t> Integers(const std::string& argument, size_t size = 1) const;
  // Sizes of a tensor that is an argument, or of the result.
  std::vector<int64_t> Shape(const std::string& argument) const;
  std::vector<int64_t> ResultShape() const { return result_.toTensor().sizes().vec(); }
  const c10::IValue& Result() const { return result_; }
  // A dimension of the argument, counted from 0 on.
  int64_t Dimension(const std::string& argument, int64_t dimension) const;

  // In the model: a tensor, or a number as one; a list of tensors.
  std::string Operand(const std::string& argument);
  std::vector<std::string> Operands(const std::string& argument);
  bool IsConstant(const std::string& argument) const;
  // What the model calls it, of a constant that has a name.
  const std::string& Label(const std::string& argument) const { return Argument(argument).label; }
  std::string Constant(const at::Tensor& tensor, const std::string& name = "");
  std::string Constant(double number);
  std::string Constant(const std::vector<int64_t>& integers) {
    return model_->AddIntegers(integers);
  }
  std::string Index(int64_t integer) { return model_->AddInteger(integer); }
  // Whole numbers, as int8 (at::kChar), uint8 (at::kByte) or int32 (at::kInt).
  std::string IntegerConstant(const at::Tensor& tensor, at::ScalarType type,
                              const std::string& name = "");
  std::string Add(const std::string& type, const std::vector<std::string>& inputs,
                  const std::vector<OnnxAttribute>& attributes = {}) {
    return model_->AddNode(type, inputs, attributes);
  }

  // What it gives: a node's output; or a value for each tensor.
  void Return(const std::string& type, const std::vector<std::string>& inputs,
              const std::vector<OnnxAttribute>& attributes = {}) {
    names_ = {Add(type, inputs, attributes)};
  }
  void Return(std::vector<std::string> names) { names_ = std::move(names); }
  // What of it ONNX cannot say: "with divisor_override".
  void Refuse(const std::string& reason) { refusal_ = reason; }

  const std::vector<std::string>& names() const { return names_; }
  const std::string& refusal() const { return refusal_; }

 private:
  const OnnxValue& Argument(const std::string& name) const;
  std::string Operand(const OnnxValue& value);

  const c10::FunctionSchema& schema_;
  const std::vector<OnnxValue> arguments_;
  const c10::IValue& result_;
  OnnxModel* const model_;
  std::vector<std::string> names_;
  std::string refusal_;
};

}  // namespace nap

#endif  // NAP_EXPORT_ONNX_CALL_H_
