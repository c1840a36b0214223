#include "nap/report/page/evaluation_page.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace nap {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Of two images a class the second is taken for the class before it; the last class has none.
std::string PageOf(int classes) {
  EvaluatedModel model{"Evaluation of <x>", "some images", {}, 3};
  Evaluation evaluation(classes);
  for (int i = 0; i < classes; ++i) {
    model.class_names.push_back(absl::StrCat("<", i, ">"));
    if (i == classes - 1) continue;
    for (const int predicted : {i, (i + classes - 1) % classes}) {
      std::vector<double> answer(classes, std::log(0.1 / (classes - 1)));
      answer[predicted] = std::log(0.9);
      evaluation.Add(2 * i, answer.data(), i);
    }
  }
  return EvaluationPage(model, evaluation, {{"a/<b>.jpg", "a PNG file"}});
}

TEST(EvaluationPageTest, HasNumbersAndAMatrix) {
  const std::string page = PageOf(3);
  EXPECT_THAT(page, HasSubstr("<dt>Accuracy</dt><dd>50.00 %<small>2 of 4</small>"));
  EXPECT_THAT(page, HasSubstr("broken, left out: 3"));
  EXPECT_THAT(page, Not(HasSubstr("Top-5")));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">&lt;0&gt;</th><td>2</td><td>50.00</td>"
                              "<td>&lt;2&gt;, 1</td></tr>"));
  EXPECT_THAT(page,
              HasSubstr("<tr><th scope=\"row\">&lt;2&gt;</th><td>0</td><td>–</td><td>–</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"right\" style=\"--share:0.500\">1</td><td></td>"
                              "<td class=\"wrong\" style=\"--share:0.500\">1</td>"));
  EXPECT_THAT(page, Not(HasSubstr("Most frequent confusions")));
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,YSBQTkcgZmlsZQ==\""));
  EXPECT_THAT(page, HasSubstr("<small>a/&lt;b&gt;.jpg</small>"));
  EXPECT_THAT(page, HasSubstr("<b>&lt;0&gt;</b> taken for <b>&lt;2&gt;</b>, 90.00&nbsp;%"));
}

TEST(EvaluationPageTest, HasConfusionsAloneOfManyClasses) {
  const std::string page = PageOf(31);
  EXPECT_THAT(page, HasSubstr("Top-5"));
  EXPECT_THAT(page, HasSubstr("<summary>31 classes</summary>"));
  EXPECT_THAT(page, Not(HasSubstr("Confusion matrix")));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">&lt;29&gt;</th><td>&lt;28&gt;</td><td>1</td>"
                              "<td>50.00</td></tr>"));
}

}  // namespace
}  // namespace nap
