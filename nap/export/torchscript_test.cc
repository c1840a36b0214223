#include "nap/export/torchscript.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/version.h"
#include "ops/operation.h"

namespace nap {
namespace {

// A plugin: `Compute` is all it does.
class Plugin final : public Operation {
 public:
  using Function = at::Tensor (*)(const at::Tensor& x, const at::Tensor& scale);

  Plugin(const OperationOptions& options, Function compute)
      : compute_(compute),
        scale_(register_parameter("scale", at::full({options.channels, 1, 1}, 2.0))) {}
  torch::Tensor Forward(const torch::Tensor& x) override { return compute_(x, scale_); }
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const Function compute_;
  torch::Tensor scale_;
};

bool Register(const char* name, Plugin::Function compute) {
  return OperationRegistry::Global().Register(
      name, {"for this test", [compute](const OperationOptions& options) {
               return std::make_shared<Plugin>(options, compute);
             }});
}

const bool registered[] = {
    Register("scale", [](const at::Tensor& x, const at::Tensor& scale) { return x * scale; }),
    Register("by_height",
             [](const at::Tensor& x, const at::Tensor& scale) {
               return x * scale * static_cast<double>(x.size(2));
             }),
    Register("by_images", [](const at::Tensor& x, const at::Tensor& scale) {
      return x * scale * static_cast<double>(x.size(0));
    })};

// Normal cells use the operation.
Genotype With(const std::string& operation) {
  Genotype genotype = DartsV2();
  genotype.cells[0].nodes[0][0].operation = operation;
  return genotype;
}

// A small network, trained for a few steps' worth of statistics, and its description.
struct Example {
  explicit Example(const std::string& operation) : Example(With(operation), 4) {}
  Example(const Genotype& genotype, int64_t cells) {
    model.spec = {genotype, {4, cells, 3, 2, StemKind::kCifar}, /*auxiliary_head=*/true};
    model.class_names = {"cat", "dog"};
    model.mean = {0.1F, 0.2F, 0.3F};
    model.stddev = {0.4F, 0.5F, 0.6F};
    model.image_size = {16, 16};
    at::manual_seed(2);
    network = *DerivedNetwork::Create(model.spec);
    for (int i = 0; i < 3; ++i) network->Forward(at::randn({4, 3, 16, 16}));
  }

  absl::Status Write() const { return WriteTorchScript(*network, model, path); }
  at::Tensor Expected(const at::Tensor& images) const {
    network->eval();
    const at::Tensor logits = network->Forward(images).logits;
    network->train();
    return logits;
  }

  const std::string path = testing::TempDir() + "/model.pt";
  ModelDescription model;
  std::shared_ptr<DerivedNetwork> network;
};

class TorchScriptTest : public testing::Test {
  // Scripts are run as they are: see torchscript.cc.
  const torch::jit::GraphOptimizerEnabledGuard as_they_are_{false};
};

TEST_F(TorchScriptTest, AnswersLikeTheNetworkForAnyNumberAndSizeOfImages) {
  const c10::AutoGradMode no_grad(false);
  const Genotype nas_bench_201 = *GenotypeFromNasBench201(
      "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|");
  for (const Example& example :
       {Example("skip_connect"), Example("scale"), Example(nas_bench_201, 3)}) {
    ASSERT_TRUE(example.Write().ok());
    torch::jit::Module loaded = torch::jit::load(example.path);
    for (const int64_t size : {16, 17, 18, 19, 24, 31}) {
      const at::Tensor images = at::randn({size / 8, 3, size, size + 1});
      EXPECT_TRUE(
          loaded.forward({images}).toTensor().allclose(example.Expected(images), 1e-4, 1e-5))
          << example.model.spec.genotype.search_space << " " << size;
    }
  }
}

TEST_F(TorchScriptTest, HoldsParametersByNameAndTheDescription) {
  const Example example("scale");
  ASSERT_TRUE(example.Write().ok());
  const torch::jit::Module loaded = torch::jit::load(example.path);
  size_t count = 0;
  for (const auto& [name, value] : example.network->named_parameters().pairs()) {
    if (name.rfind("auxiliary_head.", 0) == 0) continue;
    torch::jit::Module module = loaded;
    std::string rest = name;
    for (size_t dot; (dot = rest.find('.')) != std::string::npos; rest = rest.substr(dot + 1)) {
      module = module.attr(rest.substr(0, dot)).toModule();
    }
    EXPECT_TRUE(module.attr(rest).toTensor().equal(value)) << name;
    ++count;
  }
  EXPECT_EQ(loaded.parameters().size(), count);
  EXPECT_EQ(loaded.attr("class_names").toList().get(1).toStringRef(), "dog");
  EXPECT_EQ(loaded.attr("mean").toDoubleVector(), (std::vector<double>{0.1F, 0.2F, 0.3F}));
  EXPECT_EQ(loaded.attr("stddev").toDoubleVector(), (std::vector<double>{0.4F, 0.5F, 0.6F}));
  EXPECT_EQ(loaded.attr("image_size").toInt(), 16);
  EXPECT_EQ(loaded.attr("nap_version").toStringRef(), kVersion);
  EXPECT_EQ(*GenotypeFromJson(loaded.attr("genotype").toStringRef()), example.model.spec.genotype);
}

// Every answer is computed from the parameters, none from a copy in the trace.
TEST_F(TorchScriptTest, FollowsItsParameters) {
  const c10::AutoGradMode no_grad(false);
  const Example example("scale");
  ASSERT_TRUE(example.Write().ok());
  torch::jit::Module loaded = torch::jit::load(example.path);
  loaded.eval();
  const at::Tensor images = at::randn({2, 3, 16, 16});
  const at::Tensor before = loaded.forward({images}).toTensor();
  for (const auto& entry : loaded.named_parameters()) {
    const at::Tensor kept = entry.value.clone();
    entry.value.mul_(1.5).add_(0.1);
    EXPECT_FALSE(loaded.forward({images}).toTensor().equal(before)) << entry.name;
    entry.value.copy_(kept);
  }
  EXPECT_TRUE(loaded.forward({images}).toTensor().equal(before));
  loaded.to(at::kDouble);
  EXPECT_TRUE(loaded.forward({images.to(at::kDouble)})
                  .toTensor()
                  .allclose(before.to(at::kDouble), 1e-3, 1e-4));
}

TEST_F(TorchScriptTest, LeavesNetworkAndRandomNumbersAsTheyAre) {
  const Example example("skip_connect");
  at::manual_seed(5);
  const at::Tensor next = at::randn({3});
  at::manual_seed(5);
  ASSERT_TRUE(example.Write().ok());
  EXPECT_TRUE(at::randn({3}).equal(next));
  EXPECT_TRUE(example.network->is_training());
}

TEST_F(TorchScriptTest, FindsOutWhatATraceCannotHold) {
  const absl::Status status = Example("by_images").Write();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(status.message().find("as TorchScript the network computes something else"),
            absl::string_view::npos);

  const Example example("by_height");
  testing::internal::CaptureStderr();
  EXPECT_TRUE(example.Write().ok());
  EXPECT_NE(testing::internal::GetCapturedStderr().find("for images of 16 x 16 pixels only"),
            std::string::npos);
}

TEST_F(TorchScriptTest, NamesTheFileThatItCannotWrite) {
  const Example example("skip_connect");
  const auto status = WriteTorchScript(*example.network, example.model, "/nowhere/model.pt");
  EXPECT_NE(status.message().find("/nowhere/model.pt"), absl::string_view::npos);
}

}  // namespace
}  // namespace nap
