#include "nap/report/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

void Add(int64_t image, std::vector<double> probabilities, int label, Evaluation* evaluation) {
  for (double& value : probabilities) value = std::log(value);
  evaluation->Add(image, probabilities.data(), label);
}

// Eight answers, whose numbers were worked out by hand.
Evaluation Example() {
  const std::vector<double> halves = {0.5, 0.25, 0.125, 0.0625, 0.03125, 0.03125};
  const std::vector<double> sure = {0.01, 0.9, 0.03, 0.02, 0.02, 0.02};
  const std::vector<double> even(6, 1.0 / 6);
  Evaluation evaluation(6);
  Add(10, halves, 0, &evaluation);
  Add(11, halves, 5, &evaluation);  // the sixth likeliest: as likely as the fifth, but behind it
  Add(12, halves, 4, &evaluation);
  Add(13, sure, 1, &evaluation);
  Add(15, sure, 2, &evaluation);
  Add(14, sure, 2, &evaluation);
  Add(16, even, 1, &evaluation);
  Add(17, even, 5, &evaluation);
  return evaluation;
}

TEST(EvaluationTest, GivesTheNumbersOfAnExample) {
  const Evaluation evaluation = Example();
  EXPECT_EQ(evaluation.images(), 8);
  EXPECT_EQ(evaluation.correct(), 2);
  EXPECT_EQ(evaluation.accuracy(), 0.25);
  EXPECT_EQ(evaluation.top5_accuracy(), 0.75);
  // -(ln 0.5 + 2 ln 0.03125 + ln 0.9 + 2 ln 0.03 + 2 ln (1/6)) / 8
  EXPECT_NEAR(evaluation.cross_entropy(), 2.2908267, 1e-7);
  // (|1 - 3 * 0.5| + |1 - 3 * 0.9| + |0 - 2 * 1/6|) / 8 = 19/60
  EXPECT_NEAR(evaluation.calibration_error(), 19.0 / 60, 1e-15);
}

TEST(EvaluationTest, SortsAnswersByConfidence) {
  const Evaluation evaluation = Example();
  for (int i = 0; i < Evaluation::kBins; ++i) {
    // 1/6, 0.5 and 0.9 lie in the middle of their bins.
    EXPECT_EQ(evaluation.bins()[i].images, i == 2 ? 2 : i == 7 || i == 13 ? 3 : 0) << i;
  }
  EXPECT_EQ(evaluation.bins()[2].accuracy(), 0);
  EXPECT_DOUBLE_EQ(evaluation.bins()[7].accuracy(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(evaluation.bins()[13].confidence(), 0.9);
  // A bin's upper end is its own.
  Evaluation certain(2);
  Add(0, {1, 0}, 0, &certain);
  EXPECT_EQ(certain.bins()[14].images, 1);
  EXPECT_EQ(certain.calibration_error(), 0);
}

TEST(EvaluationTest, CountsClassesAndConfusions) {
  const Evaluation evaluation = Example();
  const int64_t images[] = {1, 2, 2, 0, 1, 2}, correct[] = {1, 1, 0, 0, 0, 0};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(evaluation.classes()[i].images, images[i]) << i;
    EXPECT_EQ(evaluation.classes()[i].correct, correct[i]) << i;
  }
  const auto confusions = evaluation.Confusions();
  const int expected[][3] = {{2, 1, 2}, {5, 0, 2}, {1, 0, 1}, {4, 0, 1}};
  ASSERT_EQ(confusions.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(confusions[i].label, expected[i][0]);
    EXPECT_EQ(confusions[i].predicted, expected[i][1]);
    EXPECT_EQ(confusions[i].images, expected[i][2]);
  }
}

TEST(EvaluationTest, KeepsTheMostConfidentMistakes) {
  const Evaluation evaluation = Example();
  std::vector<int64_t> images;
  for (const Evaluation::Mistake& mistake : evaluation.mistakes()) images.push_back(mistake.image);
  EXPECT_EQ(images, (std::vector<int64_t>{14, 15, 11, 12, 16, 17}));
  EXPECT_DOUBLE_EQ(evaluation.mistakes()[0].probability, 0.9);
  EXPECT_EQ(evaluation.mistakes()[0].label, 2);
  EXPECT_EQ(evaluation.mistakes()[0].predicted, 1);

  Evaluation many(2);
  for (int i = 0; i < 100; ++i) Add(i, {0.4 - i * 1e-3, 0.6 + i * 1e-3}, 0, &many);
  ASSERT_EQ(many.mistakes().size(), Evaluation::kMistakes);
  EXPECT_EQ(many.mistakes().front().image, 99);
  EXPECT_EQ(many.mistakes().back().image, 76);
}

TEST(EvaluationTest, IsZeroWithoutImages) {
  const Evaluation evaluation(3);
  EXPECT_EQ(evaluation.accuracy(), 0);
  EXPECT_EQ(evaluation.cross_entropy(), 0);
  EXPECT_EQ(evaluation.calibration_error(), 0);
  EXPECT_TRUE(evaluation.Confusions().empty());
}

}  // namespace
}  // namespace nap
