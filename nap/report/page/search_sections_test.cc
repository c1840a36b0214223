#include "nap/report/page/search_sections.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nap/report/page/search_history.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// An epoch of a cell of two edges, whose weights are 0.5 and -0.75 for "b" and "c" on both.
Json Line(int epoch, const std::string& scorings) {
  const std::string table = R"({"cell": [[0, 0.5, -0.75], [0, 0.5, -0.75]]})";
  return Json::parse(absl::StrCat(
      R"({"epoch": )", epoch, R"(, "operations": ["none", "b", "c"], "strengths": )", table,
      R"(, "mixing_weights": )", table, R"(, "pruned": [["cell", 0, 2, "b"]], "living": )",
      R"([["cell", 0, 2, "c"], ["cell", 1, 2, "b"], ["cell", 1, 2, "c"]], "scorings": [)", scorings,
      "]}"));
}

// Of the first edge, and of the second the weights.
std::string Scored(int number, const std::string& b, const std::string& c) {
  return absl::StrCat(R"({"scoring": )", number, R"(, "scores": {"cell": [[null, )", b, ", ", c,
                      "], [null, 0.5, 0.75]]}}");
}

std::vector<Json> Lines(const Json& first) {
  std::vector<Json> lines;
  lines.push_back(first);
  return lines;
}
std::vector<Json> Lines(const Json& first, const Json& second) {
  std::vector<Json> lines = Lines(first);
  lines.push_back(second);
  return lines;
}

std::string PageOf(const SearchHistory& history) {
  Page page("", "");
  AddSearchSections(history, &page);
  return page.Html();
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SearchSectionsTest, ShowsScoresWhereTheyDecided) {
  const SearchHistory history =
      ReadSearchHistory(Lines(Line(2, Scored(1, "7.25", "9")), Line(4, Scored(1, "null", "9"))));
  EXPECT_EQ(history.scorings, (std::vector<std::string>{"2", "4"}));
  EXPECT_TRUE(history.scorings_are_epochs);
  EXPECT_FALSE(history.scores_are_weights);
  const std::vector<double>& scores = history.cells[0].edges[0].operations[1].scores;
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0], 7.25);
  EXPECT_TRUE(std::isnan(scores[1]));
  const std::string page = PageOf(history);
  EXPECT_TRUE(Contains(page, "Scores over time"));
  EXPECT_TRUE(Contains(page, "at each milestone"));
  EXPECT_TRUE(Contains(page, "The strengths, which did not decide"));
  EXPECT_TRUE(Contains(page, "[7.25,null]"));
  EXPECT_FALSE(Contains(page, "Strengths over time"));
}

TEST(SearchSectionsTest, NumbersTheScoringsOfMilestonesWithSeveral) {
  const Json both = Line(0, absl::StrCat(Scored(1, "7.25", "9"), ", ", Scored(2, "7.25", "9")));
  const SearchHistory history = ReadSearchHistory(Lines(both, Line(4, Scored(1, "null", "9"))));
  EXPECT_EQ(history.scorings, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_TRUE(Contains(PageOf(history), "at each scoring, of all milestones"));
  // Before the first epoch no strength was trained.
  const std::string untrained = PageOf(ReadSearchHistory(Lines(both)));
  EXPECT_TRUE(Contains(untrained, "Scores over time"));
  EXPECT_FALSE(Contains(untrained, "The strengths"));
}

TEST(SearchSectionsTest, ShowsStrengthsWhereTheyDecided) {
  Json older = Line(2, "");
  older.erase("scorings");
  for (const Json& line : Lines(Line(2, Scored(1, "0.5", "0.75")), older)) {
    const std::string page = PageOf(ReadSearchHistory(Lines(line)));
    EXPECT_TRUE(Contains(page, "Strengths over time"));
    EXPECT_FALSE(Contains(page, "Scores over time"));
  }
}

}  // namespace
}  // namespace nap
