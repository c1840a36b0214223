#include "nap/export/quantized_script.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace nap {
namespace {

// The body of forward(x), x [N, 3, 5, 4].
torch::jit::Module Script(const std::string& body) {
  at::manual_seed(2);
  const at::NoGradGuard no_grad;
  torch::jit::Module module("Example");
  module.register_attribute("training", c10::BoolType::get(), false);
  const auto add = [&](const char* name, const at::Tensor& parameter) {
    module.register_parameter(name, parameter, /*is_buffer=*/false);
  };
  add("filters", at::randn({6, 3, 1, 1}));
  add("square", at::randn({6, 6, 1, 1}));
  add("depthwise", at::randn({6, 1, 3, 3}));
  add("bias", at::randn({6}));
  add("scale", 0.5 + at::rand({6}));
  add("matrix", at::randn({2, 6}));
  add("shift", at::randn({2}));
  module.define("def forward(self, x):\n  " + body + "\n");
  return module;
}

std::vector<at::Tensor> Images() {
  at::manual_seed(5);
  return {at::randn({4, 3, 5, 4}), 1.5 * at::randn({2, 3, 5, 4})};
}

torch::jit::Module Quantized(const std::string& body) {
  auto quantized = QuantizeScript(Script(body), Images());
  EXPECT_TRUE(quantized.ok()) << body << ": " << quantized.status();
  return *std::move(quantized);
}

int CountNodes(const torch::jit::Module& module, const std::string& name) {
  int count = 0;
  for (const torch::jit::Node* node : module.get_method("forward").graph()->nodes()) {
    count += name == node->kind().toQualString();
  }
  return count;
}

int RoundedTensors(const torch::jit::Module& module) {
  return CountNodes(module, "aten::fake_quantize_per_tensor_affine");
}

int RoundedParameters(const torch::jit::Module& module) {
  return CountNodes(module, "aten::fake_quantize_per_channel_affine");
}

// Integer arithmetic in plain loops.
struct Plain {
  double scale, zero_point;

  static Plain Of(double low, double high) {
    const double scale = (std::max(high, 0.0) - std::min(low, 0.0)) / 255;
    return {scale, std::nearbyint(-std::min(low, 0.0) / scale)};
  }
  // Less the zero point.
  double Integer(double number) const {
    const double integer = std::nearbyint(number / scale) + zero_point;
    return std::min(std::max(integer, 0.0), 255.0) - zero_point;
  }
};

TEST(QuantizedScriptTest, ComputesAsIntegersWould) {
  const std::string body = "return torch.sigmoid(torch.conv2d(x, self.filters, self.bias))";
  const torch::jit::Module script = Script(body);
  const std::vector<at::Tensor> images = Images();
  const at::Tensor filters = script.attr("filters").toTensor(),
                   bias = script.attr("bias").toTensor();
  const auto pixel = [](const at::Tensor& x, int64_t n, int64_t c, int64_t y, int64_t z) {
    return x[n][c][y][z].item<double>();
  };
  double low = 0, high = 0, out_low = 0, out_high = 0;
  for (const at::Tensor& batch : images) {
    low = std::min(low, batch.min().item<double>());
    high = std::max(high, batch.max().item<double>());
    for (int64_t n = 0; n < batch.size(0); ++n) {
      for (int64_t p = 0; p < 20; ++p) {
        for (int64_t k = 0; k < 6; ++k) {
          double sum = bias[k].item<double>();
          for (int64_t c = 0; c < 3; ++c) {
            sum += pixel(filters, k, c, 0, 0) * pixel(batch, n, c, p / 4, p % 4);
          }
          out_low = std::min(out_low, sum);
          out_high = std::max(out_high, sum);
        }
      }
    }
  }
  const Plain in = Plain::Of(low, high), out = Plain::Of(out_low, out_high);
  const at::Tensor x = 2 * at::randn({1, 3, 5, 4});  // some are beyond the ranges
  const at::Tensor answer = Quantized(body).forward({x}).toTensor();
  for (int64_t k = 0; k < 6; ++k) {
    double largest = 0;
    for (int64_t c = 0; c < 3; ++c)
      largest = std::max(largest, std::abs(pixel(filters, k, c, 0, 0)));
    const double unit = largest / 127;
    for (int64_t p = 0; p < 20; ++p) {
      double sum = std::nearbyint(bias[k].item<double>() / (in.scale * unit));
      for (int64_t c = 0; c < 3; ++c) {
        sum += std::nearbyint(pixel(filters, k, c, 0, 0) / unit) *
               in.Integer(pixel(x, 0, c, p / 4, p % 4));
      }
      const double expected = 1 / (1 + std::exp(-out.scale * out.Integer(sum * in.scale * unit)));
      EXPECT_NEAR(pixel(answer, 0, k, p / 4, p % 4), expected, 1e-5);
    }
  }
}

TEST(QuantizedScriptTest, RoundsWhatLayersReadAndWhatLeavesThem) {
  const struct {
    const char* body;
    int tensors, parameters;
  } cases[] = {
      // The images; its answer is the network's.
      {"return torch.conv2d(x, self.filters)", 1, 1},
      // And what the second layer reads, through a ReLU or not.
      {"return torch.conv2d(torch.conv2d(x, self.filters), self.square)", 2, 2},
      {"return torch.conv2d(torch.relu(torch.conv2d(x, self.filters, self.bias)), self.square)", 2,
       3},
      // A norm behind a convolution is part of it.
      {"y = torch.conv2d(x, self.filters)\n"
       "  y = torch.batch_norm(y, self.scale, self.bias, self.bias, self.scale, False, 0.1, 1e-5, "
       "True)\n"
       "  return torch.conv2d(torch.relu(y), self.depthwise, None, 1, 1, 1, 6)",
       2, 3},
      // A sum reads both layers' answers.
      {"return torch.conv2d(x, self.filters) + torch.conv2d(x, self.filters * 2)", 3, 2},
      // So does a pooling that of a ReLU that a layer reads, too.
      {"y = torch.relu(torch.conv2d(x, self.filters))\n"
       "  return torch.conv2d(y, self.square) + torch.max_pool2d(y, 1)",
       4, 2},
      {"return torch.addmm(self.shift, torch.conv2d(x, self.filters).mean([2, 3]), "
       "self.matrix.t())",
       3, 3},
      {"return torch.linear(torch.conv2d(x, self.filters).mean([2, 3]), self.matrix, self.shift)",
       3, 3},
      {"return torch.matmul(torch.conv2d(x, self.filters).mean([2, 3]), self.matrix.t())", 3, 2},
      // These stay as they are.
      {"return torch.conv2d(x, self.filters * x.mean())", 0, 0},
      {"return torch.addmm(self.shift, x.mean([2, 3]).repeat([1, 2]), self.matrix.t(), beta=2)", 0,
       0},
      {"return torch.relu(x) * 2", 0, 0},
  };
  for (const auto& [body, tensors, parameters] : cases) {
    const torch::jit::Module quantized = Quantized(body);
    EXPECT_EQ(RoundedTensors(quantized), tensors) << body;
    EXPECT_EQ(RoundedParameters(quantized), parameters) << body;
    torch::jit::Module called = Script(body);
    const at::Tensor images = Images()[0];
    const at::Tensor expected = called.forward({images}).toTensor();
    torch::jit::Module rounded = quantized;
    const at::Tensor answer = rounded.forward({images}).toTensor();
    const double error = (answer - expected).abs().max().item<double>();
    EXPECT_LT(error, 0.03 * expected.abs().max().item<double>()) << body;
    if (tensors > 0) {
      EXPECT_GT(error, 0) << body;
    }
  }
}

TEST(QuantizedScriptTest, LeavesTheModuleAsItIs) {
  const torch::jit::Module script = Script("return torch.conv2d(x, self.filters, self.bias)");
  const std::string before = script.get_method("forward").graph()->toString();
  ASSERT_TRUE(QuantizeScript(script, Images()).ok());
  EXPECT_EQ(script.get_method("forward").graph()->toString(), before);
}

TEST(QuantizedScriptTest, TakesWhatIsChangedInPlaceAsItIsWhenItIsRead) {
  torch::jit::Module in_place = Quantized(
      "y = torch.conv2d(x, self.filters)\n  y.relu_()\n  return torch.conv2d(y, self.square)");
  torch::jit::Module plain =
      Quantized("return torch.conv2d(torch.relu(torch.conv2d(x, self.filters)), self.square)");
  EXPECT_TRUE(
      in_place.forward({Images()[1]}).toTensor().equal(plain.forward({Images()[1]}).toTensor()));
  const auto shared = QuantizeScript(
      Script("y = x[:, :, 1:]\n  x.relu_()\n  return torch.conv2d(y, self.filters)"), Images());
  EXPECT_EQ(shared.status().code(), absl::StatusCode::kUnimplemented) << shared.status();
}

// A channel without weights: its bias alone comes out, whatever the other scales are.
TEST(QuantizedScriptTest, KeepsTheBiasOfAChannelWithoutWeights) {
  const std::string body = "return torch.conv2d(x, self.filters * 0, 1000 * self.bias)";
  torch::jit::Module script = Script(body), quantized = Quantized(body);
  const at::Tensor images = Images()[0];
  EXPECT_TRUE(quantized.forward({images}).toTensor().allclose(script.forward({images}).toTensor(),
                                                              /*rtol=*/1e-6, /*atol=*/0));
}

TEST(QuantizedScriptTest, SaysWhatIsNotFinite) {
  const auto quantized =
      QuantizeScript(Script("return torch.conv2d(torch.log(x), self.filters)"), Images());
  EXPECT_EQ(quantized.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(quantized.status().message(),
            "the network's numbers are not finite: has its training diverged?");
}

}  // namespace
}  // namespace nap
