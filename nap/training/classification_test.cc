#include "nap/training/classification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "data/tiny_images_for_tests.h"

namespace nap {
namespace {

// Two classes: how dark the image is, and how bright; `factor` 1 makes it the logits -x and x of
// its mean x.
ExportedModel Model(double factor) {
  ExportedModel model;
  model.module = torch::jit::Module("Model");
  model.module.register_attribute("factor", c10::FloatType::get(), factor);
  model.module.define(
      "def forward(self, x):\n"
      "  y = x.mean([1, 2, 3]) * self.factor\n"
      "  return torch.stack([-y, y], 1)\n");
  model.class_names = {"dark", "bright"};
  model.mean = {0.5F, 0.5F, 0.5F};
  model.stddev = {0.25F, 0.25F, 0.25F};
  model.image_size = {8, 8};
  return model;
}

struct Answers {
  std::vector<int64_t> images;
  std::vector<double> log_probabilities;
  absl::StatusOr<int64_t> broken = 0;
};

Answers AnswersTo(const Dataset& images, const ClassificationOptions& options, double factor = 1) {
  Answers answers;
  ExportedModel model = Model(factor);
  answers.broken = Classify(
      images, options, &model, [&](const std::vector<int64_t>& indices, const double* values) {
        answers.images.insert(answers.images.end(), indices.begin(), indices.end());
        answers.log_probabilities.insert(answers.log_probabilities.end(), values,
                                         values + 2 * indices.size());
      });
  return answers;
}

TEST(ClassificationTest, AnswersEveryImageOnceInOrder) {
  const auto images = TinyImages(10);
  const Answers answers = AnswersTo(*images, {});
  ASSERT_TRUE(answers.broken.ok());
  EXPECT_EQ(*answers.broken, 0);
  ASSERT_EQ(answers.images.size(), 10u);
  std::vector<uint8_t> pixels(images->shape().Size());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(answers.images[i], i);
    ASSERT_TRUE(images->Read(i, nullptr, pixels.data()).ok());
    double mean = 0;
    for (const uint8_t pixel : pixels) mean += (pixel / 255.0 - 0.5) / 0.25;
    mean /= static_cast<double>(pixels.size());
    EXPECT_NEAR(answers.log_probabilities[2 * i + 1], -std::log1p(std::exp(-2 * mean)), 1e-5);
    EXPECT_EQ(answers.log_probabilities[2 * i + 1] > answers.log_probabilities[2 * i],
              images->Label(i) == 1);
  }
}

TEST(ClassificationTest, LeavesOutWhatIsBroken) {
  const auto images = TinyImages(10);
  const DamagedDataset damaged(images.get(), 5);
  for (const ClassificationOptions& options : {ClassificationOptions{64, 1}, {3, 2}, {1, 3}}) {
    const Answers answers = AnswersTo(damaged, options);
    ASSERT_TRUE(answers.broken.ok());
    EXPECT_EQ(*answers.broken, 2);
    EXPECT_EQ(answers.images, (std::vector<int64_t>{0, 1, 3, 4, 5, 6, 8, 9}));
  }
}

TEST(ClassificationTest, RefusesWhatIsNoNumber) {
  const auto images = TinyImages(5);
  EXPECT_EQ(AnswersTo(*images, {4}, std::nan("")).broken.status().message(),
            "the model's answer to one of the images 0 to 3 is no number: has its training "
            "diverged?");
}

}  // namespace
}  // namespace nap
