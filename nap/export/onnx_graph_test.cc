// Expected nodes are written by hand from ONNX's definitions of its operators,
// https://onnx.ai/onnx/operators. onnx_runtime_test compares what they compute.
#include "nap/export/onnx_graph.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

torch::jit::Module Script(const std::string& body) {
  torch::jit::Module module("Example");
  module.register_attribute("training", c10::BoolType::get(), false);
  module.register_parameter("filters", at::ones({6, 1, 3, 3}), /*is_buffer=*/false);
  module.register_parameter("scale", at::ones({3}), /*is_buffer=*/false);
  torch::jit::Module part("Part");
  part.register_parameter("matrix", at::ones({3, 5}), /*is_buffer=*/false);
  module.register_module("part", part);
  module.define("def forward(self, x):\n  " + body + "\n");
  return module;
}

struct Written {
  explicit Written(const std::string& body) {
    const at::Tensor images =
        at::arange(-100, 2 * 3 * 6 * 7 - 100, at::kFloat).reshape({2, 3, 6, 7});
    status = AddForward(Script(body), images, &model, &unknown);
    if (status.ok()) status = model.Serialize().status();
    nodes = model.NodesForTests();
  }

  OnnxModel model;
  UnknownOperator unknown;
  absl::Status status;
  std::string nodes;
};

void ExpectNodes(const std::string& body, const std::string& nodes) {
  const Written written(body);
  EXPECT_TRUE(written.status.ok()) << body << ": " << written.status;
  EXPECT_EQ(written.nodes, nodes) << body;
}

TEST(OnnxGraphTest, WritesConvolutionsWithTheirShapes) {
  ExpectNodes("return torch.conv2d(x, self.filters, None, [1, 2], [2, 4], [2, 3], 3)",
              "logits = Conv(images, filters, dilations=[2, 3], group=3, kernel_shape=[3, 3], "
              "pads=[2, 4, 2, 4], strides=[1, 2])\n");
  // Of an odd sum of padding LibTorch puts the larger half behind.
  ExpectNodes(
      "return torch.conv2d(x, self.filters.narrow(2, 0, 2), None, 1, \"same\", 1, 3)",
      "logits = Conv(images, filters.narrow, dilations=[1, 1], group=3, kernel_shape=[2, 3], "
      "pads=[0, 1, 1, 1], strides=[1, 1])\n");
}

TEST(OnnxGraphTest, WritesNormsOfOneScaleByTheirStatistics) {
  ExpectNodes(
      "return torch.batch_norm(x, self.scale, None, self.scale, self.scale, False, 0.1, 1e-3, "
      "True)",
      "logits = BatchNormalization(images, scale, number, scale_1, scale_2, epsilon=0.001)\n");
  const Written own("return torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, True)");
  EXPECT_EQ(own.unknown.name, "aten::batch_norm");
  EXPECT_EQ(own.unknown.reason, "with the batch's own statistics");
}

// 6 x 7 pixels.
TEST(OnnxGraphTest, WritesCeilModeAsPadding) {
  ExpectNodes("return torch.max_pool2d(x, [2, 3], [2, 2], [0, 1])",
              "logits = MaxPool(images, dilations=[1, 1], kernel_shape=[2, 3], pads=[0, 1, 0, 1], "
              "strides=[2, 2])\n");
  // Windows begin at 0, 4 and 0, 4; the last ones end at 7 and at 7.
  ExpectNodes("return torch.max_pool2d(x, 3, 4, 0, 1, True)",
              "logits = MaxPool(images, dilations=[1, 1], kernel_shape=[3, 3], pads=[0, 0, 1, 0], "
              "strides=[4, 4])\n");
  // Rows begin at -1, 2, 5, columns as well: a fourth would begin at 8, behind 7 pixels.
  ExpectNodes("return torch.max_pool2d(x, 2, 3, 1, 1, True)",
              "logits = MaxPool(images, dilations=[1, 1], kernel_shape=[2, 2], pads=[1, 1, 1, 0], "
              "strides=[3, 3])\n");
  ExpectNodes("return torch.avg_pool2d(x, 3, 4, 0, True, True)",
              "logits = AveragePool(images, count_include_pad=0, kernel_shape=[3, 3], "
              "pads=[0, 0, 1, 0], strides=[4, 4])\n");
  // Rows and columns begin at -1, 2, 5 and end at 8; rows are counted up to 7.
  ExpectNodes("return torch.avg_pool2d(x, 3, 3, 1, True, True)",
              "AveragePool = AveragePool(images, count_include_pad=1, kernel_shape=[3, 3], "
              "pads=[1, 1, 2, 1], strides=[3, 3])\n"
              "logits = Mul(AveragePool, number)\n");
  ExpectNodes("return torch.avg_pool2d(x, 3, 1, 1, False, False)",
              "logits = AveragePool(images, count_include_pad=0, kernel_shape=[3, 3], "
              "pads=[1, 1, 1, 1], strides=[1, 1])\n");
  EXPECT_EQ(Written("return torch.avg_pool2d(x, 3, 1, 1, False, False, 7)").unknown.reason,
            "with divisor_override");
}

TEST(OnnxGraphTest, ComputesWhatDependsOnParametersAlone) {
  ExpectNodes(
      "return torch.addmm(self.scale.sum().expand(5), x.mean([2, 3]), self.part.matrix * 2)",
      "ReduceMean = ReduceMean(images, axes=[2, 3], keepdims=0)\n"
      "logits = Gemm(ReduceMean, part.matrix.mul, scale.sum.expand, alpha=1, beta=1)\n");
}

TEST(OnnxGraphTest, WritesFakeQuantisedNumbersAsIntegers) {
  ExpectNodes("return torch.fake_quantize_per_tensor_affine(x, 0.5, 3, 0, 255)",
              "QuantizeLinear = QuantizeLinear(images, number, number_1)\n"
              "logits = DequantizeLinear(QuantizeLinear, number, number_1)\n");
  // A constant is stored as what it is rounded to, under its name.
  ExpectNodes(
      "return torch.conv2d(x, torch.fake_quantize_per_channel_affine(self.part.matrix.view(5, 3, "
      "1, "
      "1), torch.ones([5]), torch.zeros([5], dtype=3), 0, -127, 127))",
      "DequantizeLinear = DequantizeLinear(part.matrix.view, part.matrix.view.scale, "
      "part.matrix.view.zero_point, axis=0)\n"
      "logits = Conv(images, DequantizeLinear, dilations=[1, 1], group=1, kernel_shape=[1, 1], "
      "pads=[0, 0, 0, 0], strides=[1, 1])\n");
  ExpectNodes(
      "return x + torch.fake_quantize_per_tensor_affine(self.scale.view(3, 1, 1), 0.5, 0, "
      "-2147483648, 2147483647)",
      "DequantizeLinear = DequantizeLinear(scale.view, scale.view.scale)\n"
      "logits = Add(images, DequantizeLinear)\n");
  EXPECT_EQ(
      Written("return torch.fake_quantize_per_tensor_affine(x, 0.5, 3, 0, 127)").unknown.reason,
      "with other limits than those of uint8 and int8");
  EXPECT_EQ(Written("return x + torch.fake_quantize_per_tensor_affine(self.scale.view(3, 1, 1), "
                    "0.5, 1, 0, 65535)")
                .unknown.reason,
            "of a constant with other limits than those of int8 and int32");
}

TEST(OnnxGraphTest, LeavesOutWhatNobodyReads) {
  ExpectNodes("y = torch.sigmoid(x)\n  return torch.relu(x)", "logits = Relu(images)\n");
}

TEST(OnnxGraphTest, PutsParametersIntoLists) {
  ExpectNodes("return torch.cat([x.mean([2, 3]), self.part.matrix.t()], -2)",
              "ReduceMean = ReduceMean(images, axes=[2, 3], keepdims=0)\n"
              "logits = Concat(ReduceMean, part.matrix.t, axis=0)\n");
}

TEST(OnnxGraphTest, ChangesInPlaceWhatIsReadByOneName) {
  ExpectNodes("return torch.add_(torch.relu_(x * 2), x, alpha=3)",
              "Mul = Mul(images, number)\n"
              "Relu = Relu(Mul)\n"
              "Mul_1 = Mul(images, number_1)\n"
              "logits = Add(Relu, Mul_1)\n");
  const Written shared("y = x * 2\n  z = y.detach()\n  z.relu_()\n  return y + z");
  EXPECT_EQ(shared.status.code(), absl::StatusCode::kInternal) << shared.nodes;
}

TEST(OnnxGraphTest, NamesWhatItCannotWrite) {
  const Written erfinv("return torch.erfinv(x)");
  EXPECT_EQ(erfinv.status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(erfinv.unknown.name, "aten::erfinv");
  EXPECT_EQ(erfinv.unknown.reason, "");
  EXPECT_EQ(Written("return x * x.size(0)").unknown.name, "aten::size");
  EXPECT_EQ(Written("return torch.relu(x.to(7))").unknown.reason, "of type Double");
  EXPECT_EQ(Written("return torch.conv2d(x * self.scale.to(7).view(3, 1, 1), "
                    "self.filters, None, 1, 1, 1, 3)")
                .unknown.reason,
            "of a tensor of type Double");
  EXPECT_EQ(Written("return torch.clamp(x, self.scale.view(3, 1, 1))").unknown.reason,
            "with limits that are tensors");
  EXPECT_EQ(Written("return torch.div(x, 2, rounding_mode=\"floor\")").unknown.reason,
            "with rounding_mode");
  EXPECT_EQ(Written("if bool(x.sum() > 0):\n    x = x + 1\n  return x").unknown.name, "aten::gt");
}

}  // namespace
}  // namespace nap
