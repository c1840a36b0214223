#include "nap/report/page/front_section.h"

#include <gtest/gtest.h>

#include <string>

namespace nap {
namespace {

FrontEntry Point(double mult_adds, double quality, const std::string& operation) {
  FrontEntry point;
  point.mult_adds = mult_adds;
  point.quality = quality;
  point.genotype = {"darts", {{"normal", {{{operation, 0}}}, {2}}}};
  return point;
}

std::string PageOf(const FrontRecord& record) {
  Page page("", "");
  AddFrontSection(record, &page);
  return page.Html();
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FrontSectionTest, ShowsPointsFromTheCheapestOn) {
  const std::string page = PageOf({"mult_adds",
                                   kSupernetAccuracy,
                                   {Point(600e6, 0.5, "a"), Point(600e6, 0.5, "a"),
                                    Point(400e6, 0.75, "b"), Point(200e6, 0.25, "<c>")}});
  EXPECT_TRUE(Contains(page, "<h2>Front</h2>"));
  const std::string chart =
      R"x({"kind":"points","xTitle":"multiply-adds an image (M)","yTitle":)x"
      R"x("supernet accuracy (%)","x":["200","400","600"],"series":[{"label":"best at its cost",)x"
      R"x("colour":1,"dash":0,"values":[25.0,75.0,null]},{"label":"dominated","colour":8,)x"
      R"x("dash":0,"values":[null,null,50.0]}])x";
  EXPECT_TRUE(Contains(page, chart)) << page.substr(page.find("{\"kind\""), 500);
  EXPECT_TRUE(Contains(page, R"x("labels":["4","3","1, 2"])x"));
  EXPECT_TRUE(Contains(page, "<td>dominated by point 3</td>"));
  EXPECT_TRUE(Contains(page, "<td>the same as point 1</td>"));
  EXPECT_TRUE(Contains(page, "the supernet&#39;s weights") || Contains(page, "supernet's weights"));
}

TEST(FrontSectionTest, NamesTheScoreWhereNothingWasTrained) {
  const std::string page = PageOf({"parameters", "<score>", {Point(1, 2, "a"), Point(2, 3, "b")}});
  EXPECT_TRUE(Contains(page, "the score &lt;score&gt; says of the untrained network"));
  EXPECT_FALSE(Contains(page, "<score>"));
}

}  // namespace
}  // namespace nap
