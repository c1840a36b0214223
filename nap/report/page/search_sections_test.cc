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

// Two architectures, of which the second was not asked the second score.
TEST(SearchSectionsTest, ShowsTheArchitecturesThatWereCompared) {
  Json scoring = Json::parse(Scored(1, "1", "2"));
  scoring["samples"] = Json::parse(R"([
      {"scores": {"synflow": 7.25, "training_loss": -1.5}, "architecture": "|<a>|"},
      {"scores": {"synflow": 9.5}, "architecture": "|b|"}])");
  Json line = Line(2, scoring.dump());
  line["removals"] =
      Json::parse(R"([{"operation": ["cell", 0, 2, "b"], "scoring": 1, "score": 1, "next": 2}])");
  const SearchHistory history = ReadSearchHistory(Lines(line));
  EXPECT_EQ(history.score_names, (std::vector<std::string>{"synflow", "training_loss"}));
  ASSERT_EQ(history.samples.size(), 2u);
  EXPECT_EQ(history.samples[0].scores, (std::vector<double>{7.25, -1.5}));
  EXPECT_EQ(history.samples[1].architecture, "|b|");
  EXPECT_EQ(history.samples[1].scores[0], 9.5);
  EXPECT_TRUE(std::isnan(history.samples[1].scores[1]));
  const std::string page = PageOf(history);
  for (const char* part : {"Architectures that were compared", "7.25", "|&lt;a&gt;|", "|b|"}) {
    EXPECT_TRUE(Contains(page, part)) << part;
  }
  // Places of architectures are no worth of operations.
  for (const char* part : {"Scores over time", "Why each operation went"}) {
    EXPECT_FALSE(Contains(page, part)) << part;
  }
  EXPECT_FALSE(Contains(page, "<th scope=\"col\">epoch</th><th scope=\"col\">synflow</th>"));
  // Of two scorings each has places of its own.
  const std::string both = PageOf(ReadSearchHistory(Lines(line, Line(4, scoring.dump()))));
  EXPECT_TRUE(Contains(both, "<th scope=\"col\">epoch</th><th scope=\"col\">synflow</th>"));
  EXPECT_TRUE(Contains(both, "<th scope=\"row\">1</th><td>4</td><td>7.25</td>"));
  EXPECT_FALSE(Contains(both, "<th scope=\"row\">3</th>"));
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
