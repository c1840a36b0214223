#include "nap/export/frozen_script.h"

#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <string>

#include "nap/architecture/genotypes_for_tests.h"

namespace nap {
namespace {

const c10::Device kCpu(c10::kCPU);

std::string GraphOf(FrozenScript* script) {
  return script->module.get_method("forward").graph()->toString();
}

TEST(FrozenScriptTest, PartsHaveTheirShapes) {
  const struct {
    LatencyRow row;
    std::vector<int64_t> shape;
  } cases[] = {
      {{"stem", "cifar", 3, 6, 1, {9, 8}}, {2, 6, 9, 8}},
      {{"stem", "imagenet", 3, 6, 8, {32, 24}}, {2, 6, 4, 3}},
      {{"input", "pointwise", 6, 4, 1, {8, 8}}, {2, 4, 8, 8}},
      {{"input", "factorized_reduce", 6, 4, 2, {7, 8}}, {2, 4, 4, 4}},
      {{"input", "residual_block", 4, 8, 2, {8, 8}}, {2, 8, 4, 4}},
      {{"operation", "sep_conv_5x5", 4, 4, 1, {8, 8}}, {2, 4, 8, 8}},
      {{"operation", "dil_conv_3x3", 4, 4, 2, {8, 8}}, {2, 4, 4, 4}},
      {{"operation", "skip_connect", 4, 4, 2, {8, 8}}, {2, 4, 4, 4}},
      {{"operation", "max_pool_3x3", 4, 4, 2, {8, 8}}, {2, 4, 4, 4}},
      {{"sum", "", 4, 4, 1, {8, 8}}, {2, 4, 8, 8}},
      {{"concat", "", 4, 16, 1, {8, 8}}, {2, 16, 8, 8}},
      {{"head", "linear", 16, 10, 1, {8, 8}}, {2, 10}},
      {{"head", "norm_linear", 16, 10, 1, {8, 8}}, {2, 10}},
  };
  for (const auto& [row, shape] : cases) {
    auto script = FreezePart(row, 2, kCpu);
    ASSERT_TRUE(script.ok()) << script.status();
    EXPECT_EQ(script->Run().sizes(), c10::IntArrayRef(shape)) << row.Text();
    // Norms behind convolutions are part of these; weights are constants.
    const bool ends_in_convolution = row.part == "input" || row.operation == "sep_conv_5x5";
    const std::string graph = GraphOf(&*script);
    if (ends_in_convolution && row.operation != "factorized_reduce") {
      EXPECT_EQ(graph.find("batch_norm"), std::string::npos) << row.Text() << "\n" << graph;
    }
    EXPECT_EQ(graph.find("GetAttr"), std::string::npos) << row.Text() << "\n" << graph;
  }
}

TEST(FrozenScriptTest, SumsAndConcatenationsAreThose) {
  auto sum = FreezePart({"sum", "", 4, 4, 1, {8, 8}}, 1, kCpu);
  ASSERT_EQ(sum->inputs.size(), 2u);
  EXPECT_TRUE(sum->Run().equal(sum->inputs[0] + sum->inputs[1]));
  auto concat = FreezePart({"concat", "", 4, 12, 1, {8, 8}}, 1, kCpu);
  ASSERT_EQ(concat->inputs.size(), 3u);
  EXPECT_TRUE(concat->Run().equal(at::cat(concat->inputs, 1)));
  FrozenScript nothing = FreezeNothing(kCpu);
  EXPECT_TRUE(nothing.Run().equal(nothing.inputs[0]));
}

// Where numbers became ever smaller they would end as subnormal ones, which are slow.
TEST(FrozenScriptTest, NothingVanishesInADeepNetwork) {
  DerivedNetworkSpec spec{DartsV2(), {4, 20, 3, 10}};
  auto script = FreezeNetwork(spec, {32, 32}, 3, kCpu);
  ASSERT_TRUE(script.ok()) << script.status();
  const at::Tensor logits = script->Run();
  EXPECT_EQ(logits.sizes(), (c10::IntArrayRef{3, 10}));
  EXPECT_GT((logits[0] - logits[1]).abs().max().item<double>(), 1e-2);
  EXPECT_LT(logits.abs().max().item<double>(), 100);
}

TEST(FrozenScriptTest, SaysWhatIsUnknown) {
  EXPECT_EQ(FreezePart({"operation", "warp", 4, 4, 1, {8, 8}}, 1, kCpu).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FreezePart({"tail", "", 4, 4, 1, {8, 8}}, 1, kCpu).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace nap
