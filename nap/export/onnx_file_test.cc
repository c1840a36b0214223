#include "nap/export/onnx_file.h"

#include <ATen/ops/erfinv.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tanh.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "nap/architecture/genotypes_for_tests.h"
#include "ops/operation.h"

namespace nap {
namespace {

// A plugin's.
class Squashed final : public Operation {
 public:
  explicit Squashed(const OperationOptions& options) : stride_(options.stride) {}
  torch::Tensor Forward(const torch::Tensor& x) override {
    const torch::Tensor y = at::erfinv(at::tanh(x));
    return stride_ == 1 ? y : y.slice(2, 0, c10::nullopt, 2).slice(3, 0, c10::nullopt, 2);
  }
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
};

const bool registered = OperationRegistry::Global().Register(
    "squashed", {"for this test", [](const OperationOptions& options) {
                   return std::make_shared<Squashed>(options);
                 }});

ModelDescription Describe(const std::string& operation) {
  ModelDescription model;
  model.spec = {DartsV2(), {4, 4, 3, 2, StemKind::kCifar}, /*auxiliary_head=*/true};
  model.spec.genotype.cells[0].nodes[0][0].operation = operation;
  model.class_names = {"cat", "dog"};
  model.mean = {0.1F, 0.2F, 0.3F};
  model.stddev = {0.4F, 0.5F, 0.6F};
  model.image_size = {16, 16};
  return model;
}

absl::Status WriteNetwork(const std::string& operation, const std::string& path) {
  const ModelDescription model = Describe(operation);
  return WriteOnnx(**DerivedNetwork::Create(model.spec), model, path);
}

TEST(OnnxFileTest, NamesTheOperatorItDoesNotKnowAndWhoCallsIt) {
  const std::string path = testing::TempDir() + "/unknown.onnx";
  const absl::Status status = WriteNetwork("squashed", path);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(status.message(),
            "cannot write " + path +
                ": ONNX export has no operator for aten::erfinv, which squashed calls; compute the "
                "same with operators of nap/export/onnx_*.cc, add this one there, or take "
                "--format=torchscript");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(OnnxFileTest, LeavesNetworkAndRandomNumbersAsTheyAre) {
  const ModelDescription model = Describe("squashed");
  const auto network = *DerivedNetwork::Create(model.spec);
  at::manual_seed(5);
  const at::Tensor next = at::rand({3});
  at::manual_seed(5);
  EXPECT_FALSE(WriteOnnx(*network, model, testing::TempDir() + "/unknown.onnx").ok());
  EXPECT_TRUE(at::rand({3}).equal(next));
  EXPECT_TRUE(network->is_training());
}

TEST(OnnxFileTest, WritesAFileThatIsNamedWhereItCannot) {
  const std::string path = testing::TempDir() + "/model.onnx";
  ASSERT_TRUE(WriteNetwork("sep_conv_3x3", path).ok());
  EXPECT_GT(std::filesystem::file_size(path), 10000U);
  const absl::Status status = WriteNetwork("sep_conv_3x3", "/nowhere/model.onnx");
  EXPECT_NE(status.message().find("/nowhere/model.onnx"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace nap
