// Operators that round numbers to integers and make numbers of these again.
#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <absl/strings/str_cat.h>

#include <limits>

#include "nap/export/onnx_operators.h"

namespace nap {
namespace {

// Of the integers.
struct Limits {
  int64_t least, most;

  bool Contain(const Limits& other) const { return least <= other.least && most >= other.most; }
};

constexpr Limits kInt8 = {-128, 127}, kUint8 = {0, 255};
constexpr Limits kInt32 = {std::numeric_limits<int32_t>::min(),
                           std::numeric_limits<int32_t>::max()};

// A constant is stored as its integers.
void FakeQuantizeConstant(OnnxCall* call, const at::Tensor& scale, const at::Tensor& zero_point,
                          const Limits& limits, const std::vector<OnnxAttribute>& axis) {
  const std::string& label = call->Label("self");
  const auto name = [&](const char* what) {
    return label.empty() ? "" : absl::StrCat(label, ".", what);
  };
  std::vector<int64_t> shape(static_cast<size_t>(call->Value("self").toTensor().dim()), 1);
  if (!axis.empty()) shape[static_cast<size_t>(std::get<int64_t>(axis[0].value))] = -1;
  // Of LibTorch's own result, so that they are its own.
  const at::Tensor units = call->Result().toTensor().to(at::kDouble) / scale.reshape(shape);
  const at::Tensor integers = units.round() + zero_point.reshape(shape);
  if (kInt8.Contain(limits)) {
    call->Return(
        "DequantizeLinear",
        {call->IntegerConstant(integers, at::kChar, label), call->Constant(scale, name("scale")),
         call->IntegerConstant(zero_point, at::kChar, name("zero_point"))},
        axis);
  } else if (kInt32.Contain(limits) && !zero_point.any().item<bool>()) {
    call->Return(
        "DequantizeLinear",
        {call->IntegerConstant(integers, at::kInt, label), call->Constant(scale, name("scale"))},
        axis);
  } else {
    call->Refuse("of a constant with other limits than those of int8 and int32");
  }
}

// scale, zero_point: of one dimension, which is `axis`, or of none.
void FakeQuantize(OnnxCall* call, const at::Tensor& scale, const at::Tensor& zero_point,
                  const std::vector<OnnxAttribute>& axis) {
  const Limits limits = {call->Integer("quant_min"), call->Integer("quant_max")};
  if (call->IsConstant("self")) {
    return FakeQuantizeConstant(call, scale, zero_point, limits, axis);
  }
  const bool is_uint8 = limits.Contain(kUint8) && kUint8.Contain(limits);
  const bool is_int8 = limits.Contain(kInt8) && kInt8.Contain(limits);
  if (!is_uint8 && !is_int8) return call->Refuse("with other limits than those of uint8 and int8");
  const std::string scales = call->Constant(scale);
  const std::string zero_points =
      call->IntegerConstant(zero_point, is_uint8 ? at::kByte : at::kChar);
  const std::string integers =
      call->Add("QuantizeLinear", {call->Operand("self"), scales, zero_points}, axis);
  call->Return("DequantizeLinear", {integers, scales, zero_points}, axis);
}

void FakeQuantizeTensor(OnnxCall* call) {
  if (!call->Value("scale").isDouble()) return call->Refuse("with a scale that is a tensor");
  FakeQuantize(call, at::full({}, call->Number("scale"), at::kFloat),
               at::full({}, call->Integer("zero_point"), at::kInt), {});
}

void FakeQuantizeChannels(OnnxCall* call) {
  if (!call->IsConstant("scale") || !call->IsConstant("zero_point")) {
    return call->Refuse("with scales that are computed");
  }
  FakeQuantize(call, call->Value("scale").toTensor(), call->Value("zero_point").toTensor(),
               {{"axis", call->Dimension("self", call->Integer("axis"))}});
}

}  // namespace

const OnnxOperatorTable& OnnxQuantizationOperators() {
  static const auto* const table = new OnnxOperatorTable{
      {"aten::fake_quantize_per_channel_affine", FakeQuantizeChannels},
      {"aten::fake_quantize_per_tensor_affine", FakeQuantizeTensor},
  };
  return *table;
}

}  // namespace nap
