// Operators that compute every number from the numbers in its place.
#include <cmath>

#include "nap/export/onnx_operators.h"

namespace nap {
namespace {

void Same(OnnxCall* call) { call->Return({call->Operand("self")}); }

// type(self)
OnnxOperator Unary(const char* type) {
  return [type](OnnxCall* call) { call->Return(type, {call->Operand("self")}); };
}

// type(self, other)
OnnxOperator Binary(const char* type, const char* other = "other") {
  return [=](OnnxCall* call) { call->Return(type, {call->Operand("self"), call->Operand(other)}); };
}

// The second operand of a sum, alpha * argument.
std::string Scaled(OnnxCall* call, const std::string& argument) {
  const std::string operand = call->Operand(argument);
  if (!call->Has("alpha") || call->Number("alpha") == 1) return operand;
  return call->Add("Mul", {operand, call->Constant(call->Number("alpha"))});
}

void Divide(OnnxCall* call) {
  if (call->Has("rounding_mode")) return call->Refuse("with rounding_mode");
  call->Return("Div", {call->Operand("self"), call->Operand("other")});
}

// Numbers from `least` up to `largest`; an argument that is not there is no limit.
OnnxOperator Clip(const char* least, const char* largest) {
  return [=](OnnxCall* call) {
    const auto limit = [&](const char* argument) -> std::string {
      if (!call->Has(argument)) return "";
      if (!call->Value(argument).isScalar()) call->Refuse("with limits that are tensors");
      return call->Operand(argument);
    };
    call->Return("Clip", {call->Operand("self"), limit(least), limit(largest)});
  };
}

void Relu6(OnnxCall* call) {
  call->Return("Clip", {call->Operand("self"), call->Constant(0), call->Constant(6)});
}

void LeakyRelu(OnnxCall* call) {
  const auto slope = static_cast<float>(call->Number("negative_slope"));
  call->Return("LeakyRelu", {call->Operand("self")}, {{"alpha", slope}});
}

// ONNX's slopes are those of the last dimensions, LibTorch's those of the channels.
void PRelu(OnnxCall* call) {
  if (!call->IsConstant("weight")) return call->Refuse("with slopes that are computed");
  const at::Tensor& slopes = call->Value("weight").toTensor();
  std::vector<int64_t> shape(call->Shape("self").size() - 1, 1);
  shape[0] = slopes.numel();
  call->Return("PRelu", {call->Operand("self"), call->Constant(slopes.reshape(shape))});
}

void Elu(OnnxCall* call) {
  if (call->Number("scale") != 1 || call->Number("input_scale") != 1) {
    return call->Refuse("with scales");
  }
  const auto alpha = static_cast<float>(call->Number("alpha"));
  call->Return("Elu", {call->Operand("self")}, {{"alpha", alpha}});
}

void Silu(OnnxCall* call) {
  const std::string x = call->Operand("self");
  call->Return("Mul", {x, call->Add("Sigmoid", {x})});
}

std::string HardSigmoidOf(OnnxCall* call, const std::string& x) {
  return call->Add("HardSigmoid", {x}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}});
}

void HardSigmoid(OnnxCall* call) { call->Return({HardSigmoidOf(call, call->Operand("self"))}); }

void HardSwish(OnnxCall* call) {
  const std::string x = call->Operand("self");
  call->Return("Mul", {x, HardSigmoidOf(call, x)});
}

void Softplus(OnnxCall* call) {
  if (call->Number("beta") != 1) return call->Refuse("with beta");
  call->Return("Softplus", {call->Operand("self")});
}

void Mish(OnnxCall* call) {
  const std::string x = call->Operand("self");
  call->Return("Mul", {x, call->Add("Tanh", {call->Add("Softplus", {x})})});
}

// x / 2 * (1 + erf(x / sqrt(2))), or with the tanh that is close to it (Hendrycks, Gimpel 2016).
void Gelu(OnnxCall* call) {
  const std::string x = call->Operand("self");
  std::string odd;
  if (call->Has("approximate") && call->Value("approximate").toStringRef() == "tanh") {
    const std::string cube = call->Add("Mul", {call->Add("Mul", {x, x}), x});
    const std::string sum =
        call->Add("Add", {x, call->Add("Mul", {cube, call->Constant(0.044715)})});
    odd = call->Add("Tanh", {call->Add("Mul", {sum, call->Constant(std::sqrt(2 / M_PI))})});
  } else {
    odd = call->Add("Erf", {call->Add("Mul", {x, call->Constant(M_SQRT1_2)})});
  }
  const std::string half = call->Add("Mul", {x, call->Constant(0.5)});
  call->Return("Mul", {half, call->Add("Add", {odd, call->Constant(1)})});
}

void Square(OnnxCall* call) {
  const std::string x = call->Operand("self");
  call->Return("Mul", {x, x});
}

// In evaluation it does nothing.
void Dropout(OnnxCall* call) {
  if (call->Flag("train")) return call->Refuse("in training");
  call->Return({call->Operand("input")});
}

}  // namespace

const OnnxOperatorTable& OnnxElementwiseOperators() {
  static const auto* const table = new OnnxOperatorTable{
      {"aten::abs", Unary("Abs")},
      {"aten::add",
       [](OnnxCall* call) {
         call->Return("Add", {call->Operand("self"), Scaled(call, "other")});
       }},
      {"aten::alias", Same},
      {"aten::clamp", Clip("min", "max")},
      {"aten::clamp_max", Clip("", "max")},
      {"aten::clamp_min", Clip("min", "")},
      {"aten::clone", Same},
      {"aten::contiguous", Same},
      {"aten::detach", Same},
      {"aten::div", Divide},
      {"aten::dropout", Dropout},
      {"aten::elu", Elu},
      {"aten::erf", Unary("Erf")},
      {"aten::exp", Unary("Exp")},
      {"aten::feature_dropout", Dropout},
      {"aten::gelu", Gelu},
      {"aten::hardsigmoid", HardSigmoid},
      {"aten::hardswish", HardSwish},
      {"aten::hardtanh", Clip("min_val", "max_val")},
      {"aten::leaky_relu", LeakyRelu},
      {"aten::log", Unary("Log")},
      {"aten::maximum", Binary("Max")},
      {"aten::minimum", Binary("Min")},
      {"aten::mish", Mish},
      {"aten::mul", Binary("Mul")},
      {"aten::neg", Unary("Neg")},
      {"aten::pow", Binary("Pow", "exponent")},
      {"aten::prelu", PRelu},
      {"aten::reciprocal", Unary("Reciprocal")},
      {"aten::relu", Unary("Relu")},
      {"aten::relu6", Relu6},
      {"aten::rsqrt",
       [](OnnxCall* call) {
         call->Return("Reciprocal", {call->Add("Sqrt", {call->Operand("self")})});
       }},
      {"aten::rsub",
       [](OnnxCall* call) {
         call->Return("Sub", {call->Operand("other"), Scaled(call, "self")});
       }},
      {"aten::selu", Unary("Selu")},
      {"aten::sigmoid", Unary("Sigmoid")},
      {"aten::silu", Silu},
      {"aten::softplus", Softplus},
      {"aten::sqrt", Unary("Sqrt")},
      {"aten::square", Square},
      {"aten::sub",
       [](OnnxCall* call) {
         call->Return("Sub", {call->Operand("self"), Scaled(call, "other")});
       }},
      {"aten::tanh", Unary("Tanh")},
      {"aten::to", Same},
  };
  return *table;
}

}  // namespace nap
