// Operators with filters, windows or sums over dimensions.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "nap/export/onnx_operators.h"

namespace nap {
namespace {

// ONNX's pads: of all dimensions what is before, then what is after.
std::vector<int64_t> Pads(const std::vector<int64_t>& before, const std::vector<int64_t>& after) {
  std::vector<int64_t> pads = before;
  pads.insert(pads.end(), after.begin(), after.end());
  return pads;
}

void Convolution(OnnxCall* call) {
  if (call->Has("transposed") && call->Flag("transposed")) return call->Refuse("transposed");
  const std::vector<int64_t> filters = call->Shape("weight");
  const std::vector<int64_t> kernel(filters.begin() + 2, filters.end());
  const std::vector<int64_t> dilation = call->Integers("dilation", kernel.size());
  std::vector<int64_t> before(kernel.size()), after(kernel.size());
  if (!call->Value("padding").isString()) {
    before = after = call->Integers("padding", kernel.size());
  } else if (call->Value("padding").toStringRef() == "same") {
    for (size_t i = 0; i < kernel.size(); ++i) {
      const int64_t both = dilation[i] * (kernel[i] - 1);
      before[i] = both / 2;
      after[i] = both - both / 2;
    }
  }
  std::vector<std::string> operands = {call->Operand("input"), call->Operand("weight")};
  if (call->Has("bias")) operands.push_back(call->Operand("bias"));
  call->Return("Conv", operands,
               {{"dilations", dilation},
                {"group", call->Integer("groups")},
                {"kernel_shape", kernel},
                {"pads", Pads(before, after)},
                {"strides", call->Integers("stride", kernel.size())}});
}

void BatchNorm(OnnxCall* call) {
  if (call->Flag("training") || !call->Has("running_mean")) {
    return call->Refuse("with the batch's own statistics");
  }
  const std::vector<int64_t> channels = call->Shape("running_mean");
  call->Return(
      "BatchNormalization",
      {call->Operand("input"),
       call->Has("weight") ? call->Operand("weight")
                           : call->Constant(at::ones(channels, at::kFloat)),
       call->Has("bias") ? call->Operand("bias") : call->Constant(at::zeros(channels, at::kFloat)),
       call->Operand("running_mean"), call->Operand("running_var")},
      {{"epsilon", static_cast<float>(call->Number("eps"))}});
}

const std::vector<int64_t> kNoPadding = {0, 0};

// max_pool2d's and avg_pool2d's windows.
struct Windows {
  explicit Windows(const OnnxCall& call)
      : kernel(call.Integers("kernel_size", 2)),
        stride(call.Integers("stride", 2)),
        before(call.Integers("padding", 2)),
        after(before),
        dilation(call.Has("dilation") ? call.Integers("dilation", 2) : std::vector<int64_t>{1, 1}) {
    if (stride.empty()) stride = kernel;
    if (!call.Flag("ceil_mode")) return;
    // The last window reaches out of the padding or, where LibTorch takes none that begins behind
    // the image, does not reach its end. Runtimes do not agree on what ONNX's ceil_mode is, so it
    // is written as padding.
    const std::vector<int64_t> in = call.Shape("self"), out = call.ResultShape();
    for (size_t i = 0; i < 2; ++i) {
      const size_t image = in.size() - 2 + i;
      const int64_t end = (out[image] - 1) * stride[i] + dilation[i] * (kernel[i] - 1) + 1;
      after[i] = std::max<int64_t>(0, end - in[image] - before[i]);
    }
  }

  std::vector<int64_t> kernel, stride, before, after, dilation;
};

void MaxPool(OnnxCall* call) {
  const Windows windows(*call);
  call->Return("MaxPool", {call->Operand("self")},
               {{"dilations", windows.dilation},
                {"kernel_shape", windows.kernel},
                {"pads", Pads(windows.before, windows.after)},
                {"strides", windows.stride}});
}

// By how much a mean over whole windows is too small where the last of them reach out of the
// padding, of which LibTorch counts nothing: [height, width].
at::Tensor WholeWindowsByTheirParts(const OnnxCall& call, const Windows& windows) {
  const std::vector<int64_t> in = call.Shape("self"), out = call.ResultShape();
  at::Tensor factors = at::ones({1, 1}, at::kFloat);
  for (size_t i = 0; i < 2; ++i) {
    const size_t image = in.size() - 2 + i;
    const at::Tensor begin = at::arange(out[image], at::kFloat) * windows.stride[i];
    const at::Tensor room = in[image] + 2 * windows.before[i] - begin;
    const at::Tensor factor = windows.kernel[i] / room.clamp_max(windows.kernel[i]);
    factors = factors * factor.unsqueeze(i == 0 ? 1 : 0);
  }
  return factors;
}

void AveragePool(OnnxCall* call) {
  if (call->Has("divisor_override")) return call->Refuse("with divisor_override");
  const Windows windows(*call);
  const bool counts_padding = call->Flag("count_include_pad") && windows.before != kNoPadding;
  const std::string means = call->Add("AveragePool", {call->Operand("self")},
                                      {{"count_include_pad", static_cast<int64_t>(counts_padding)},
                                       {"kernel_shape", windows.kernel},
                                       {"pads", Pads(windows.before, windows.after)},
                                       {"strides", windows.stride}});
  const bool beyond = windows.after[0] > windows.before[0] || windows.after[1] > windows.before[1];
  if (!counts_padding || !beyond) return call->Return({means});
  call->Return("Mul", {means, call->Constant(WholeWindowsByTheirParts(*call, windows))});
}

void AdaptiveAveragePool(OnnxCall* call) {
  const std::vector<int64_t> in = call->Shape("self"), out = call->ResultShape();
  std::vector<int64_t> window;
  for (size_t i = in.size() - 2; i < in.size(); ++i) {
    if (in[i] % out[i] != 0) return call->Refuse("with windows of different sizes");
    window.push_back(in[i] / out[i]);
  }
  call->Return("AveragePool", {call->Operand("self")},
               {{"kernel_shape", window}, {"strides", window}});
}

// The argument `dim` of sums and means; all where it is not there.
std::vector<int64_t> SummedDimensions(OnnxCall* call) {
  std::vector<int64_t> dimensions;
  if (call->Has("dim")) dimensions = call->Integers("dim");
  for (int64_t& dimension : dimensions) dimension = call->Dimension("self", dimension);
  if (dimensions.empty()) {
    for (size_t i = 0; i < call->Shape("self").size(); ++i) dimensions.push_back(i);
  }
  return dimensions;
}

int64_t KeepsDimensions(OnnxCall* call) { return call->Has("keepdim") && call->Flag("keepdim"); }

OnnxOperator Reduce(const char* type) {
  return [type](OnnxCall* call) {
    call->Return(type, {call->Operand("self")},
                 {{"axes", SummedDimensions(call)}, {"keepdims", KeepsDimensions(call)}});
  };
}

void Sum(OnnxCall* call) {
  call->Return("ReduceSum", {call->Operand("self"), call->Constant(SummedDimensions(call))},
               {{"keepdims", KeepsDimensions(call)}});
}

void Linear(OnnxCall* call) {
  const std::string x = call->Operand("input"), weight = call->Operand("weight");
  if (call->Shape("input").size() == 2) {
    std::vector<std::string> operands = {x, weight};
    if (call->Has("bias")) operands.push_back(call->Operand("bias"));
    return call->Return("Gemm", operands, {{"transB", int64_t{1}}});
  }
  const std::string product = call->Add(
      "MatMul", {x, call->Add("Transpose", {weight}, {{"perm", std::vector<int64_t>{1, 0}}})});
  if (!call->Has("bias")) return call->Return({product});
  call->Return("Add", {product, call->Operand("bias")});
}

void AddMatrixProduct(OnnxCall* call) {
  call->Return("Gemm", {call->Operand("mat1"), call->Operand("mat2"), call->Operand("self")},
               {{"alpha", static_cast<float>(call->Number("alpha"))},
                {"beta", static_cast<float>(call->Number("beta"))}});
}

OnnxOperator MatrixProduct(const char* other) {
  return [other](OnnxCall* call) {
    call->Return("MatMul", {call->Operand("self"), call->Operand(other)});
  };
}

// softmax and log_softmax.
OnnxOperator Softmax(const char* type) {
  return [type](OnnxCall* call) {
    call->Return(type, {call->Operand("self")},
                 {{"axis", call->Dimension("self", call->Integer("dim"))}});
  };
}

}  // namespace

const OnnxOperatorTable& OnnxLayerOperators() {
  static const auto* const table = new OnnxOperatorTable{
      {"aten::_convolution", Convolution},
      {"aten::adaptive_avg_pool2d", AdaptiveAveragePool},
      {"aten::addmm", AddMatrixProduct},
      {"aten::amax", Reduce("ReduceMax")},
      {"aten::amin", Reduce("ReduceMin")},
      {"aten::avg_pool2d", AveragePool},
      {"aten::batch_norm", BatchNorm},
      {"aten::bmm", MatrixProduct("mat2")},
      {"aten::conv2d", Convolution},
      {"aten::convolution", Convolution},
      {"aten::linear", Linear},
      {"aten::log_softmax", Softmax("LogSoftmax")},
      {"aten::matmul", MatrixProduct("other")},
      {"aten::max_pool2d", MaxPool},
      {"aten::mean", Reduce("ReduceMean")},
      {"aten::mm", MatrixProduct("mat2")},
      {"aten::softmax", Softmax("Softmax")},
      {"aten::sum", Sum},
  };
  return *table;
}

}  // namespace nap
