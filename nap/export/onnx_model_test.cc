#include "nap/export/onnx_model.h"

#include <gtest/gtest.h>

namespace nap {
namespace {

TEST(OnnxModelTest, NamesValuesOnceAndSaysWhatItHolds) {
  OnnxModel model;
  model.SetInput("images", {kOnnxBatch, 2});
  const float numbers[] = {1, 2};
  EXPECT_EQ(model.AddFloats({2}, numbers, "scale"), "scale");
  EXPECT_EQ(model.AddFloats({2}, numbers, "scale"), "scale_1");
  const std::string axes = model.AddIntegers({1});
  EXPECT_EQ(model.AddIntegers({1}), axes);
  EXPECT_NE(model.AddInteger(1), axes);  // it has no dimensions
  const std::string scaled = model.AddNode("Mul", {"images", "scale"});
  const std::string sum = model.AddNode("ReduceSum", {scaled, axes}, {{"keepdims", int64_t{0}}});
  model.SetOutput(sum, "logits", {kOnnxBatch});
  model.AddMetadata("image_size", "32");
  EXPECT_EQ(model.NodesForTests(),
            "Mul = Mul(images, scale)\n"
            "logits = ReduceSum(Mul, integers, keepdims=0)\n");
  const auto file = model.Serialize();
  ASSERT_TRUE(file.ok()) << file.status();
  // By the format of protobuf: tag and length, then the text.
  EXPECT_NE(file->find("\x0A\x0Aimage_size\x12\x02"
                       "32"),
            std::string::npos);
  EXPECT_NE(file->find("\x12\x05"
                       "batch"),
            std::string::npos);
}

TEST(OnnxModelTest, IsChecked) {
  OnnxModel unknown;
  unknown.SetInput("images", {kOnnxBatch, 2});
  unknown.SetOutput(unknown.AddNode("Relux", {"images"}), "logits", {kOnnxBatch, 2});
  const absl::Status status = unknown.Serialize().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(status.message().find("ONNX's checker says: No Op registered for Relux"),
            std::string::npos)
      << status;
  EXPECT_EQ(status.message().find('\n'), std::string::npos);

  // 2 columns do not become 3.
  OnnxModel wrong;
  wrong.SetInput("images", {kOnnxBatch, 2});
  wrong.SetOutput(wrong.AddNode("Relu", {"images"}), "logits", {kOnnxBatch, 3});
  EXPECT_EQ(wrong.Serialize().status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace nap
