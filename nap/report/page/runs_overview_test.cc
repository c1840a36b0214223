#include "nap/report/page/runs_overview.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<RunSummary> Runs() {
  RunSummary search;
  search.name = "a/b:c?\xe9";
  search.program = "cifar_search";
  search.state = RunSummary::State::kFinished;
  search.is_search = true;
  search.epochs = 3;
  search.wanted_epochs = "3";
  search.last_accuracy = 0.71234;
  search.best_accuracy = 0.75;
  search.accuracies = {kNone, 0.75, 0.71234};
  search.parameters = 1234567;
  search.seconds = 3725;
  search.written = 1234567890;
  search.has_page = true;
  search.flags = {{"epochs", "3"}, {"out_dir", "/a"}, {"relaxation", "softmax"}, {"seed", "0"}};
  RunSummary training;
  training.name = "t";
  training.program = "cifar_train";
  training.state = RunSummary::State::kRunning;
  training.flags = {{"epochs", "40"}, {"out_dir", "/t"}, {"seed", "0"}};
  RunSummary other = training;
  other.name = "u";
  other.wanted_epochs = "0";
  RunSummary damaged;
  damaged.name = "z";
  damaged.problem = "z/config.json is damaged: <";
  damaged.flags = {{"epochs", "40"}, {"seed", "0"}};
  return {search, training, other, damaged};
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class RunsOverviewTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ::setenv("TZ", "UTC", /*overwrite=*/1); }
};

TEST_F(RunsOverviewTest, IsATableOnATerminal) {
  EXPECT_EQ(RunsToText(Runs()),
            "run           program     state  epochs  accuracy (%)  best (%)  parameters (M)"
            "  time in epochs      last written\n"
            "a/b:c?\xe9  cifar_search  finished  3 of 3         71.23     75.00           1.235"
            "      1 h 02 min  2009-02-13 23:31\n"
            "t         cifar_train   running       0             -         -               -"
            "             0 s                 -\n"
            "u         cifar_train   running    none             -         -               -"
            "             0 s                 -\n"
            "z                   -   damaged       -             -         -               -"
            "               -                 -\n"
            "4 runs: 1 finished, 2 running, 1 damaged\n"
            "A search's parameters are those of its supernet.\n"
            "z: z/config.json is damaged: <\n");
}

TEST_F(RunsOverviewTest, IsATableOnAPage) {
  const std::string page = RunsToHtml(Runs(), "some/runs/");
  EXPECT_TRUE(Contains(page, "<h1>Runs in some/runs</h1>"));
  // "\xee\xbf\xa9" is U+EFE9, as nap/base/utf8.h has it.
  EXPECT_TRUE(Contains(page,
                       "<tr><th scope=\"row\"><a href=\"./a/b%3Ac%3F%E9/report.html\">a/b:c?"
                       "\xee\xbf\xa9</a></th><td>cifar_search</td><td>finished</td><td>3 of 3</td>"
                       "<td>71.23</td><td>75.00</td><td>1.235</td><td>1 h 02 min</td>"
                       "<td>2009-02-13 23:31</td></tr>"));
  EXPECT_TRUE(Contains(page, "<tr><th scope=\"row\">z</th><td>–</td><td>damaged</td>"));
  EXPECT_TRUE(Contains(page, "<td>z/config.json is damaged: &lt;</td>"));
}

TEST_F(RunsOverviewTest, CarriesWhatAComparisonNeeds) {
  const std::string page = RunsToHtml(Runs(), "runs");
  const std::string begin = "<script id=\"data\" type=\"application/json\">";
  const size_t at = page.find(begin) + begin.size();
  const Json data = Json::parse(page.substr(at, page.find("</script>", at) - at));
  EXPECT_EQ(data["runs"][0].dump(),
            "{\"keys\":[\"a/b:c?\xee\xbf\xa9\",\"cifar_search\",\"finished\",3.0,71.234,75.0,"
            "1.234567,3725.0,1234567890.0],\"part\":\"validation\","
            "\"accuracies\":[null,75.0,71.23]}");
  EXPECT_EQ(data["runs"][3].dump(), R"({"keys":["z",null,"damaged",null,null,null,null,null,null],)"
                                    R"("part":"test","accuracies":[]})");
  // Not the seed, which all have, nor out_dir.
  EXPECT_EQ(data["flags"].dump(),
            R"([{"name":"epochs","values":["3","40"],"of":[0,1,1,1]},)"
            R"({"name":"relaxation","values":["softmax"],"of":[0,null,null,null]}])");
}

}  // namespace
}  // namespace nap
