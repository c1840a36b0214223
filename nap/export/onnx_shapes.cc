// Operators that move numbers about and compute none.
#include <cstdint>
#include <limits>
#include <numeric>

#include "nap/export/onnx_operators.h"

namespace nap {
namespace {

constexpr int64_t kToTheEnd = std::numeric_limits<int64_t>::max();

std::vector<int64_t> DimensionsOf(OnnxCall* call, const char* argument) {
  std::vector<int64_t> dimensions = call->Integers(argument);
  for (int64_t& dimension : dimensions) dimension = call->Dimension("self", dimension);
  return dimensions;
}

void Reshape(OnnxCall* call, const std::vector<int64_t>& shape) {
  call->Return("Reshape", {call->Operand("self"), call->Constant(shape)});
}

// Of one that changes no dimension before `first`, whose sizes Reshape takes as they are.
void ReshapeFrom(OnnxCall* call, int64_t first) {
  std::vector<int64_t> shape = call->ResultShape();
  std::fill(shape.begin(), shape.begin() + first, 0);
  if (first == 0) shape[0] = -1;  // images, times something
  Reshape(call, shape);
}

void ChannelShuffle(OnnxCall* call) {
  const std::vector<int64_t> in = call->Shape("self");
  const int64_t groups = call->Integer("groups");
  const std::string split =
      call->Add("Reshape",
                {call->Operand("self"), call->Constant({0, groups, in[1] / groups, in[2], in[3]})});
  const std::string moved =
      call->Add("Transpose", {split}, {{"perm", std::vector<int64_t>{0, 2, 1, 3, 4}}});
  call->Return("Reshape", {moved, call->Constant({0, in[1], in[2], in[3]})});
}

void Transpose(OnnxCall* call, int64_t a, int64_t b) {
  std::vector<int64_t> order(call->Shape("self").size());
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[a], order[b]);
  call->Return("Transpose", {call->Operand("self")}, {{"perm", order}});
}

void Concatenate(OnnxCall* call) {
  const int64_t count = static_cast<int64_t>(call->ResultShape().size());
  const int64_t dimension = call->Integer("dim");
  call->Return("Concat", call->Operands("tensors"),
               {{"axis", dimension < 0 ? dimension + count : dimension}});
}

void Stack(OnnxCall* call) {
  const int64_t count = static_cast<int64_t>(call->ResultShape().size());
  int64_t dimension = call->Integer("dim");
  if (dimension < 0) dimension += count;
  std::vector<std::string> parts;
  for (const std::string& part : call->Operands("tensors")) {
    parts.push_back(
        call->Add("Unsqueeze", {part, call->Constant(std::vector<int64_t>{dimension})}));
  }
  call->Return("Concat", parts, {{"axis", dimension}});
}

std::string SliceOf(OnnxCall* call, const std::string& x, int64_t dimension, int64_t start,
                    int64_t end, int64_t step = 1) {
  const auto list = [&](int64_t integer) { return call->Constant(std::vector<int64_t>{integer}); };
  return call->Add("Slice", {x, list(start), list(end), list(dimension), list(step)});
}

void Slice(OnnxCall* call) {
  call->Return(
      {SliceOf(call, call->Operand("self"), call->Dimension("self", call->Integer("dim")),
               call->Has("start") ? call->Integer("start") : 0,
               call->Has("end") ? call->Integer("end") : kToTheEnd, call->Integer("step"))});
}

void Narrow(OnnxCall* call) {
  const int64_t start = call->Integer("start"), length = call->Integer("length");
  const int64_t dimension = call->Dimension("self", call->Integer("dim"));
  const int64_t first = start < 0 ? start + call->Shape("self")[dimension] : start;
  call->Return({SliceOf(call, call->Operand("self"), dimension, first, first + length)});
}

void Select(OnnxCall* call) {
  call->Return("Gather", {call->Operand("self"), call->Index(call->Integer("index"))},
               {{"axis", call->Dimension("self", call->Integer("dim"))}});
}

// chunk, split and the like: parts one after the other.
void Split(OnnxCall* call) {
  const int64_t dimension = call->Dimension("self", call->Integer("dim"));
  if (dimension == 0) return call->Refuse("of the images");
  const std::string x = call->Operand("self");
  std::vector<std::string> parts;
  int64_t start = 0;
  for (const at::Tensor& part : call->Result().toTensorVector()) {
    const int64_t end = start + part.size(dimension);
    parts.push_back(SliceOf(call, x, dimension, start, end));
    start = end;
  }
  call->Return(parts);
}

void Unbind(OnnxCall* call) {
  const int64_t dimension = call->Dimension("self", call->Integer("dim"));
  if (dimension == 0) return call->Refuse("of the images");
  const std::string x = call->Operand("self");
  std::vector<std::string> parts;
  for (int64_t i = 0; i < call->Shape("self")[dimension]; ++i) {
    parts.push_back(call->Add("Gather", {x, call->Index(i)}, {{"axis", dimension}}));
  }
  call->Return(parts);
}

// LibTorch's padding: before and after, from the last dimension on.
std::string Pads(OnnxCall* call, const std::vector<int64_t>& padding) {
  const size_t count = call->Shape("self").size();
  std::vector<int64_t> pads(2 * count, 0);
  for (size_t i = 0; i < padding.size() / 2; ++i) {
    pads[count - 1 - i] = padding[2 * i];
    pads[2 * count - 1 - i] = padding[2 * i + 1];
  }
  return call->Constant(pads);
}

void PadByConstant(OnnxCall* call) {
  const std::string value = call->Has("value") ? call->Operand("value") : call->Constant(0);
  call->Return("Pad", {call->Operand("self"), Pads(call, call->Integers("pad")), value});
}

OnnxOperator PadBy(const char* mode, const char* argument) {
  return [=](OnnxCall* call) {
    call->Return("Pad", {call->Operand("self"), Pads(call, call->Integers(argument))},
                 {{"mode", std::string(mode)}});
  };
}

void Pad(OnnxCall* call) {
  const std::string& mode = call->Value("mode").toStringRef();
  if (mode == "constant") return PadByConstant(call);
  if (mode == "reflect") return PadBy("reflect", "pad")(call);
  if (mode == "replicate") return PadBy("edge", "pad")(call);
  call->Refuse("with mode " + mode);
}

void Squeeze(OnnxCall* call) {
  if (!call->Has("dim")) return call->Refuse("without dim");
  std::vector<int64_t> squeezed;
  for (const int64_t dimension : DimensionsOf(call, "dim")) {
    if (call->Shape("self")[dimension] == 1) squeezed.push_back(dimension);
  }
  if (squeezed.empty()) return call->Return({call->Operand("self")});
  call->Return("Squeeze", {call->Operand("self"), call->Constant(squeezed)});
}

void Unsqueeze(OnnxCall* call) {
  const int64_t count = static_cast<int64_t>(call->ResultShape().size());
  const int64_t dimension = call->Integer("dim");
  const std::vector<int64_t> added = {dimension < 0 ? dimension + count : dimension};
  call->Return("Unsqueeze", {call->Operand("self"), call->Constant(added)});
}

void Expand(OnnxCall* call) {
  std::vector<int64_t> shape = call->Integers("size");
  for (int64_t& size : shape) size = size < 0 ? 1 : size;  // as it is
  call->Return("Expand", {call->Operand("self"), call->Constant(shape)});
}

void Repeat(OnnxCall* call) {
  const std::vector<int64_t> repeats = call->Integers("repeats");
  if (repeats.size() != call->Shape("self").size()) return call->Refuse("with new dimensions");
  call->Return("Tile", {call->Operand("self"), call->Constant(repeats)});
}

}  // namespace

const OnnxOperatorTable& OnnxShapeOperators() {
  static const auto* const table = new OnnxOperatorTable{
      {"aten::cat", Concatenate},
      {"aten::channel_shuffle", ChannelShuffle},
      {"aten::chunk", Split},
      {"aten::constant_pad_nd", PadByConstant},
      {"aten::expand", Expand},
      {"aten::flatten",
       [](OnnxCall* call) {
         ReshapeFrom(call, call->Dimension("self", call->Integer("start_dim")));
       }},
      {"aten::narrow", Narrow},
      {"aten::pad", Pad},
      {"aten::permute",
       [](OnnxCall* call) {
         call->Return("Transpose", {call->Operand("self")}, {{"perm", DimensionsOf(call, "dims")}});
       }},
      {"aten::reflection_pad2d", PadBy("reflect", "padding")},
      {"aten::repeat", Repeat},
      {"aten::replication_pad2d", PadBy("edge", "padding")},
      {"aten::reshape", [](OnnxCall* call) { Reshape(call, call->Integers("shape")); }},
      {"aten::select", Select},
      {"aten::slice", Slice},
      {"aten::split", Split},
      {"aten::split_with_sizes", Split},
      {"aten::squeeze", Squeeze},
      {"aten::stack", Stack},
      {"aten::t", [](OnnxCall* call) { Transpose(call, 0, 1); }},
      {"aten::transpose",
       [](OnnxCall* call) {
         Transpose(call, call->Dimension("self", call->Integer("dim0")),
                   call->Dimension("self", call->Integer("dim1")));
       }},
      {"aten::unbind", Unbind},
      {"aten::unsqueeze", Unsqueeze},
      {"aten::view", [](OnnxCall* call) { Reshape(call, call->Integers("size")); }},
  };
  return *table;
}

}  // namespace nap
