#include "nap/export/exported_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randn.h>
#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/files.h"
#include "nap/export/torchscript.h"
#include "nap/model/derived_network.h"

namespace nap {
namespace {

using ::testing::HasSubstr;

const c10::Device kCpu(c10::kCPU);

std::string Path() { return testing::TempDir() + "/exported_model_test.pt"; }

std::string ErrorOf(const std::string& path) {
  return std::string(ReadExportedModel(path, kCpu).status().message());
}

TEST(ExportedModelTest, KnowsWhatWasExportedAndAnswersAlike) {
  ModelDescription description;
  description.spec = {DartsV2(), {4, 3, 3, 2, StemKind::kCifar}, /*auxiliary_head=*/false};
  description.class_names = {"caf\xE9", "caf\xC3\xA9"};  // Latin-1, which is no UTF-8
  description.mean = {0.1F, 0.2F, 0.3F};
  description.stddev = {0.4F, 0.5F, 0.6F};
  description.image_size = {16, 24};
  description.test_crop = 0.875;
  const auto network = *DerivedNetwork::Create(description.spec);
  const at::NoGradGuard no_grad;
  const at::Tensor images = at::randn({5, 3, 16, 24});
  network->Forward(images);
  network->eval();
  ASSERT_TRUE(WriteTorchScript(*network, description, Path()).ok());

  auto model = ReadExportedModel(Path(), kCpu);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->class_names, description.class_names);
  EXPECT_EQ(model->mean, description.mean);
  EXPECT_EQ(model->stddev, description.stddev);
  EXPECT_EQ(model->image_size.height, 16);
  EXPECT_EQ(model->image_size.width, 24);
  EXPECT_EQ(model->test_crop, 0.875);
  const at::Tensor answers = LogProbabilities(&*model, images);
  EXPECT_EQ(answers.scalar_type(), at::kDouble);
  EXPECT_TRUE(
      answers.allclose(network->Forward(images).logits.to(at::kDouble).log_softmax(1), 1e-3, 1e-4));

  description.test_crop.reset();  // as versions up to 0.3 wrote it
  ASSERT_TRUE(WriteTorchScript(*network, description, Path()).ok());
  EXPECT_EQ(ReadExportedModel(Path(), kCpu)->test_crop, std::nullopt);
}

// Scripts of others, or changed ones.
class OtherScriptTest : public testing::Test {
 protected:
  OtherScriptTest() : script_("Script") {
    c10::List<std::string> names({"a", "b"});
    script_.register_attribute("class_names", c10::ListType::ofStrings(), names);
    script_.register_attribute("mean", c10::ListType::ofFloats(), c10::List<double>({0.5}));
    script_.register_attribute("stddev", c10::ListType::ofFloats(), c10::List<double>({0.25}));
    script_.register_attribute("image_size", c10::IntType::get(), 4);
  }

  std::string Error(const std::string& forward) {
    script_.define(absl::StrCat("def forward(self, x):\n  return ", forward, "\n"));
    script_.save(Path());
    return ErrorOf(Path());
  }

  torch::jit::Module script_;
};

TEST_F(OtherScriptTest, IsAModelIfItSaysWhatIsNeeded) {
  EXPECT_EQ(Error("x.mean(3).flatten(1)[:, :2]"), "");
}

TEST_F(OtherScriptTest, MustAnswerForItsClasses) {
  EXPECT_THAT(Error("x.mean(3).flatten(1)"),
              HasSubstr("its answer to 2 images is [2, 4], not [2, 2]"));
}

TEST_F(OtherScriptTest, MustReadItsImages) {
  EXPECT_THAT(Error("x.view(7, 7)"),
              HasSubstr("it does not read images of 1 channels and 4 x 4 pixels"));
}

TEST_F(OtherScriptTest, MustHaveUsableNumbers) {
  script_.setattr("image_size", 0);
  EXPECT_THAT(Error("x"), HasSubstr("its image_size is 0 x 0"));
}

TEST_F(OtherScriptTest, MustNotDivideByZero) {
  script_.setattr("stddev", c10::List<double>({0}));
  EXPECT_THAT(Error("x"), HasSubstr("its stddev has a 0"));
}

TEST_F(OtherScriptTest, MustHaveMeansAndSpreads) {
  script_.setattr("mean", c10::List<double>({0.5, 0.5}));
  EXPECT_THAT(Error("x"), HasSubstr("it has 2 means and 1 spreads of channels"));
}

TEST_F(OtherScriptTest, MustHaveItsTypes) {
  script_.register_attribute("test_crop", c10::IntType::get(), 1);
  EXPECT_THAT(Error("x"), HasSubstr("its test_crop is a int, not a float"));
}

TEST(ExportedModelTest, SaysWhatIsNoModel) {
  EXPECT_THAT(ErrorOf("nowhere/model.pt"), HasSubstr("nowhere/model.pt"));
  ASSERT_TRUE(WriteFileAtomically(Path(), "a text").ok());
  EXPECT_THAT(ErrorOf(Path()), HasSubstr(absl::StrCat(Path(), " is no whole model.pt (")));
  torch::jit::Module empty("Empty");
  empty.save(Path());
  EXPECT_EQ(ErrorOf(Path()),
            absl::StrCat(Path(),
                         " is no whole model.pt (it has no class_names); "
                         "tools/export_model makes one from a training's checkpoint"));
}

}  // namespace
}  // namespace nap
