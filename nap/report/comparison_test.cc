#include "nap/report/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "nap/base/files.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kGenotype[] =
    R"({"search_space":"darts","cells":{"normal":{"nodes":[[["skip_connect",0]]],"concat":[2]}}})";

ComparedRun MakeRun(const std::string& method, uint64_t seed, double accuracy, int skips) {
  ComparedRun run{};
  run.method = method;
  run.seed = seed;
  run.test_accuracy = accuracy;
  run.skip_connections = skips;
  run.distinct_operations = 4;
  run.depth = 3;
  run.parameters = 123456;
  run.mult_adds = 12345678;
  run.search_seconds = 321.5;
  run.search_peak_memory_bytes = 123456789;
  run.skip_connections_by_epoch = {4, skips};
  run.genotype_json = kGenotype;
  run.search_flags = {{"channels", "8"}, {"method", method}, {"seed", "0"}};
  run.train_flags = {{"channels", "16"}, {"momentum", "0.9"}, {"out_dir", method}};
  return run;
}

TEST(ComparisonTest, WritesTheDocumentedJson) {
  const std::string text = ComparisonToJson(
      {MakeRun("nap", 0, 0.75, 2), MakeRun("darts", 0, 0.5, 6), MakeRun("nap", 7, 0.25, 1)});
  const Json json = Json::parse(text);
  EXPECT_EQ(json["settings"], (Json{{"search --channels", "8"}, {"train --channels", "16"}}));
  ASSERT_EQ(json["methods"].size(), 2u);
  const Json& nap = json["methods"][0];
  EXPECT_EQ(nap["name"], "nap");
  EXPECT_EQ(nap["accuracy_mean"], 0.5);
  EXPECT_DOUBLE_EQ(nap["accuracy_spread"].get<double>(), std::sqrt(0.125));
  EXPECT_EQ(nap["runs"][1]["seed"], 7);
  EXPECT_EQ(json["methods"][1]["name"], "darts");
  EXPECT_EQ(json["differences"], Json::array());  // of one run of a method there is no interval
  EXPECT_TRUE(json["methods"][1]["accuracy_spread"].is_null());
  EXPECT_EQ(json["methods"][1]["runs"], Json::array({{{"seed", 0},
                                                      {"test_accuracy", 0.5},
                                                      {"rank", nullptr},
                                                      {"skip_connections", 6},
                                                      {"distinct_operations", 4},
                                                      {"depth", 3},
                                                      {"parameters", 123456},
                                                      {"mult_adds", 12345678},
                                                      {"search_seconds", 321.5},
                                                      {"search_peak_memory_bytes", 123456789},
                                                      {"skip_connections_by_epoch", {4, 6}},
                                                      {"genotype", Json::parse(kGenotype)}}}));
}

TEST(ComparisonTest, ShowsWhereTrainingsDiffer) {
  std::vector<ComparedRun> runs = {MakeRun("nap", 0, 0.75, 2), MakeRun("nap", 1, 0.5, 6)};
  runs[1].train_flags["momentum"] = "0.8";
  runs[1].train_flags["out_dir"] = "x";
  EXPECT_EQ(Json::parse(ComparisonToJson(runs))["settings"],
            (Json{{"search --channels", "8"},
                  {"train --channels", "16"},
                  {"train --momentum", "0.9 | 0.8"}}));
}

TEST(ComparisonTest, AlignsTheTable) {
  EXPECT_EQ(
      ComparisonToText(
          {MakeRun("nap", 0, 0.75, 2), MakeRun("darts", 0, 0.5, 6), MakeRun("nap", 10, 0.25, 1)}),
      R"(method  runs  test accuracy %  spread  skips  distinct ops  depth  M params  M mult-adds  search s  peak MB
nap        2            50.00   35.36    1.5           4.0    3.0    0.1235        12.35       322      123
darts      1            50.00       -    6.0           4.0    3.0    0.1235        12.35       322      123

run      test accuracy %  skips  distinct ops  depth  M params  M mult-adds  search s  peak MB
nap-0              75.00      2             4      3    0.1235        12.35       322      123
nap-10             25.00      1             4      3    0.1235        12.35       322      123
darts-0            50.00      6             4      3    0.1235        12.35       322      123

skip-connections by epoch of the search
nap-0    4  2
nap-10   4  1
darts-0  4  6

search: --channels=8
train: --channels=16
)");
}

TEST(ComparisonTest, SaysHowMethodsDiffer) {
  const std::vector<ComparedRun> runs = {MakeRun("nap", 0, 0.75, 2), MakeRun("darts", 0, 0.5, 6),
                                         MakeRun("nap", 1, 0.75, 1), MakeRun("darts", 1, 0.25, 6)};
  const Json differences = Json::parse(ComparisonToJson(runs))["differences"];
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0]["methods"], (Json{"nap", "darts"}));
  EXPECT_EQ(differences[0]["mean"], 0.375);
  // Of two runs each, all draws of either one are among a hundred.
  EXPECT_EQ(differences[0]["low"], 0.25);
  EXPECT_EQ(differences[0]["high"], 0.5);
  EXPECT_NE(ComparisonToText(runs).find("\nnap - darts      +37.50  +25.00 to +50.00\n"),
            std::string::npos)
      << ComparisonToText(runs);
}

TEST(ComparisonTest, SaysWhatIsMissing) {
  const std::vector<ComparedRun> runs = {MakeRun("nap", 0, 0.75, 2)};
  const MissingRuns missing = {{{"darts", 0, "running (process 12 on node3)"},
                                {"darts", 18446744073709551615U, "not begun"}},
                               "method_comparison --methods='nap,<x>'"};
  const std::string json = ComparisonToJson(runs, missing);
  EXPECT_EQ(
      Json::parse(json)["missing"],
      (Json{{"runs",
             {{{"method", "darts"}, {"seed", 0}, {"state", "running (process 12 on node3)"}},
              {{"method", "darts"}, {"seed", 18446744073709551615U}, {"state", "not begun"}}}},
            {"command", "method_comparison --methods='nap,<x>'"}}));
  const MissingRuns read = MissingInJson(json);
  ASSERT_EQ(read.runs.size(), 2u);
  EXPECT_EQ(read.runs[1].method, "darts");
  EXPECT_EQ(read.runs[1].seed, 18446744073709551615U);
  EXPECT_EQ(read.runs[1].state, "not begun");
  EXPECT_EQ(read.command, missing.command);
  EXPECT_TRUE(MissingInJson(ComparisonToJson(runs)).runs.empty());
  EXPECT_TRUE(MissingInJson("[]").runs.empty());

  EXPECT_EQ(ComparisonToText(runs, missing), R"(missing:
  darts, seed 0: running (process 12 on node3)
  darts, seed 18446744073709551615: not begun
go on with: method_comparison --methods='nap,<x>'

)" + ComparisonToText(runs));
}

TEST(ComparisonTest, PageSaysWhatIsMissingUntilNothingIs) {
  const std::string folder = testing::TempDir();
  const std::vector<ComparedRun> runs = {MakeRun("nap", 0, 0.75, 2)};
  const auto page = [&] { return ReadFile(folder + "/report.html").value(); };
  const auto has = [&](const char* text) { return page().find(text) != std::string::npos; };
  ASSERT_TRUE(WriteComparison(runs, {{{"darts", 3, "stopped"}}, "go <on>"}, folder).ok());
  EXPECT_LT(page().find("<h2>Not complete</h2>"), page().find("Highest mean accuracy"));
  EXPECT_TRUE(has("1 of 2 runs are missing"));
  EXPECT_TRUE(has("stopped"));
  EXPECT_TRUE(has("<pre>go &lt;on&gt;</pre>"));
  ASSERT_TRUE(WriteComparison({}, {{{"darts", 3, "stopped"}}, ""}, folder).ok());
  EXPECT_TRUE(has("1 of 1 runs are missing"));
  ASSERT_TRUE(WriteComparison(runs, {}, folder).ok());
  EXPECT_FALSE(has("Not complete"));
}

TEST(ComparisonTest, HasRanksIfAccuraciesWereLookedUp) {
  ComparedRun first = MakeRun("nap", 0, 0.75, 2), second = MakeRun("nap", 1, 0.5, 2);
  EXPECT_EQ(ComparisonToText({first, second}).find("rank"), std::string::npos);
  first.rank = 12;
  second.rank = 3;
  EXPECT_EQ(Json::parse(ComparisonToJson({first, second}))["methods"][0]["runs"][0]["rank"], 12);
  const std::string text = ComparisonToText({first, second});
  EXPECT_NE(text.find("rank"), std::string::npos);
  EXPECT_NE(text.find("nap-0            75.00    12"), std::string::npos) << text;
  EXPECT_NE(text.find("   7.5   "), std::string::npos) << text;
}

}  // namespace
}  // namespace nap
