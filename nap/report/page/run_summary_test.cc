#include "nap/report/page/run_summary.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "nap/base/file_lock.h"
#include "nap/base/files.h"
#include "nap/export/model_description.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

class RunSummaryTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& file, const std::string& content) const {
    const fs::path path = fs::path(root_) / file;
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(WriteFileAtomically(path.string(), content).ok());
  }

  // One that is a search has strengths.jsonl.
  void WriteRun(const std::string& name, const std::string& config, const std::string& metrics,
                bool is_search) const {
    Write(name + "/config.json", config);
    Write(name + "/metrics.jsonl", metrics);
    if (is_search) Write(name + "/strengths.jsonl", "");
  }

  std::vector<RunSummary> Summaries() const {
    const auto runs = SummarizeRuns(root_);
    EXPECT_TRUE(runs.ok()) << runs.status();
    return runs.ok() ? *runs : std::vector<RunSummary>();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const RunSummary& run : Summaries()) names.push_back(run.name);
    return names;
  }

  const std::string root_ = testing::TempDir() + "/runs";
};

TEST_F(RunSummaryTest, FindsEachRunOnceByItsOwnName) {
  WriteRun("b", "{}", "", false);
  WriteRun("comparison/nap-0/search", "{}", "", true);
  WriteRun("1/2/3/4/5/6", "{}", "", true);
  WriteRun("1/2/3/4/5/6/7", "{}", "", true);  // too deep
  WriteRun(".hidden/run", "{}", "", true);
  Write("only_table/metrics.jsonl", "");
  Write("only_config/config.json", R"({"experiment": "cifar_train"})");
  Write("of_another_program/config.json", R"({"model": "x"})");
  Write("no_json/config.json", "{");
  Write("elsewhere", "");
  fs::create_directory_symlink("b", root_ + "/a");  // would be first
  fs::create_directory_symlink("..", root_ + "/b/loop");
  fs::create_directory_symlink("nowhere", root_ + "/dangling");
  EXPECT_EQ(Names(), (std::vector<std::string>{"1/2/3/4/5/6", "b", "comparison/nap-0/search",
                                               "only_config", "only_table"}));
  const auto itself = SummarizeRuns(root_ + "/b/");
  ASSERT_TRUE(itself.ok());
  EXPECT_EQ(itself->front().name, ".");
  const auto linked = SummarizeRuns(root_ + "/a");
  ASSERT_TRUE(linked.ok());
  EXPECT_EQ(linked->front().name, ".");
}

TEST_F(RunSummaryTest, LooksNowhereThatIsNoFolder) {
  Write("file", "");
  EXPECT_TRUE(Names().empty());
  EXPECT_EQ(SummarizeRuns(root_ + "/file").status().message(),
            absl::StrCat("cannot look into ", root_,
                         "/file: Not a directory; --runs names the folder of runs"));
}

TEST_F(RunSummaryTest, SaysWhatASearchHasDone) {
  const std::string metrics =
      R"({"kind":"epoch","epoch":0,"valid_accuracy":null,"seconds":2.5,"supernet_parameters":900})"
      "\n"
      R"({"kind":"step","epoch":1,"step":10,"seconds":1000})"
      "\n"
      R"({"kind":"epoch","epoch":1,"valid_accuracy":0.5,"seconds":10,"supernet_parameters":800})"
      "\n"
      R"({"kind":"epoch","epoch":2,"valid_accuracy":0.75,"seconds":10,"supernet_parameters":700})"
      "\n"
      R"({"kind":"epoch","epoch":3,"valid_accuracy":0.625,"seconds":10,"supernet_parameters":600})"
      "\n"
      R"({"kind":"epoch","epo)";
  WriteRun("run",
           R"({"experiment": "cifar_search", "flags": {"epochs": "5", "seed": "7", "x": 1}})",
           metrics, true);
  Write("run/report.html", "");
  const struct timespec times[2] = {{1234567890, 0}, {1234567890, 0}};
  for (const char* file : {"config.json", "metrics.jsonl", "strengths.jsonl"}) {
    ASSERT_EQ(::utimensat(AT_FDCWD, absl::StrCat(root_, "/run/", file).c_str(), times, 0), 0);
  }
  const RunSummary run = Summaries().at(0);
  EXPECT_EQ(run.program, "cifar_search");
  EXPECT_EQ(run.state, RunSummary::State::kInterrupted);
  EXPECT_TRUE(run.is_search);
  EXPECT_EQ(run.epochs, 3);
  EXPECT_EQ(run.wanted_epochs, "5");
  EXPECT_EQ(run.last_accuracy, 0.625);
  EXPECT_EQ(run.best_accuracy, 0.75);
  EXPECT_EQ(run.accuracies, (std::vector<double>{0.5, 0.75, 0.625}));
  EXPECT_EQ(run.parameters, 600);
  EXPECT_EQ(run.seconds, 32.5);
  EXPECT_EQ(run.written, 1234567890);  // its page is newer
  EXPECT_TRUE(run.has_page);
  EXPECT_EQ(run.flags, (std::map<std::string, std::string>{{"epochs", "5"}, {"seed", "7"}}));
  EXPECT_EQ(run.problem, "");
}

TEST_F(RunSummaryTest, TellsStatesApart) {
  const std::string going = R"({"experiment": "cifar_train", "finished": false})";
  WriteRun("a_finished", R"({"experiment": "cifar_train", "finished": true})", "", false);
  Write("a_finished/model.pt", "");
  WriteRun("b_older", R"({"experiment": "cifar_search"})", "", true);
  Write("b_older/genotype.json", "");
  WriteRun("c_running", going, "", false);
  WriteRun("d_interrupted", going, "", false);
  Write("d_interrupted/model.pt", "");
  const auto lock = FileLock::Try(root_ + "/c_running/metrics.jsonl");
  ASSERT_TRUE(lock.ok() && lock->has_value());
  std::vector<std::string> states;
  for (const RunSummary& run : Summaries()) {
    states.push_back(StateName(run.state));
    EXPECT_EQ(run.problem, "");
    EXPECT_TRUE(std::isnan(run.last_accuracy) && std::isnan(run.best_accuracy));
    EXPECT_FALSE(run.parameters.has_value());
  }
  EXPECT_EQ(states, (std::vector<std::string>{"finished", "finished", "running", "interrupted"}));
}

TEST_F(RunSummaryTest, CountsTheParametersOfATrainedNetwork) {
  WriteRun("run", R"({"experiment": "cifar_train"})",
           R"({"kind":"epoch","epoch":2,"test_accuracy":0.25,"seconds":1})", false);
  ModelDescription description;
  const auto genotype = FindGenotype("DARTS_V1");
  ASSERT_TRUE(genotype.ok());
  description.spec.genotype = *genotype;
  description.spec.network = {36, 20, 3, 10, StemKind::kCifar};
  description.spec.auxiliary_head = true;
  description.class_names.resize(10);
  description.mean = description.stddev = {1, 1, 1};
  Checkpoint checkpoint;
  checkpoint.strings["model"] = ModelDescriptionToJson(description);
  ASSERT_TRUE(WriteCheckpoint(root_ + "/run", checkpoint).ok());
  const RunSummary run = Summaries().at(0);
  EXPECT_EQ(run.problem, "");
  EXPECT_EQ(run.parameters, 3169414);  // as DARTS's own code counts them
  EXPECT_FALSE(run.is_search);
  EXPECT_EQ(run.last_accuracy, 0.25);
  ASSERT_EQ(run.accuracies.size(), 2u);
  EXPECT_TRUE(std::isnan(run.accuracies[0]));
}

TEST_F(RunSummaryTest, ASearchIsOneWithoutItsStrengths) {
  WriteRun("run",
           R"({"experiment": "cifar_search", "flags": {"criterion": "taylor", "epochs": "1"}})",
           R"({"kind":"epoch","epoch":1,"valid_accuracy":0.5,"seconds":1})", false);
  Write("run/genotype.json", "{}");
  const RunSummary run = Summaries().at(0);
  EXPECT_TRUE(run.is_search);
  EXPECT_EQ(run.state, RunSummary::State::kFinished);
  EXPECT_EQ(run.problem, "");
  EXPECT_EQ(run.last_accuracy, 0.5);
}

TEST_F(RunSummaryTest, SaysWhatIsWrong) {
  const std::string training = R"({"experiment": "cifar_train", "flags": {"epochs": "5"}})";
  WriteRun("a_checkpoint", training, R"({"kind":"epoch","epoch":1,"seconds":9})", false);
  Write("a_checkpoint/checkpoint.pt", "nothing");
  Write("b_no_config/metrics.jsonl", "");
  WriteRun("c_array", "[1]", "", false);
  WriteRun("d_type", R"({"experiment": 5})", "", false);
  WriteRun("e_lines", training,
           "7\n{\"kind\":\"epoch\",\"epoch\":1e300,\"seconds\":\"x\"}\n{\"epoch\":-1}\nx", false);
  const std::vector<RunSummary> runs = Summaries();
  ASSERT_EQ(runs.size(), 5u);
  EXPECT_EQ(runs[0].state, RunSummary::State::kInterrupted);
  EXPECT_EQ(runs[0].epochs, 1);
  EXPECT_EQ(runs[0].problem.find(root_ + "/a_checkpoint/checkpoint.pt is damaged"), 0u)
      << runs[0].problem;
  EXPECT_EQ(runs[1].problem, absl::StrCat(root_, "/b_no_config holds no run: there is no ", root_,
                                          "/b_no_config/config.json"));
  EXPECT_EQ(runs[2].problem,
            absl::StrCat(root_, "/c_array/config.json is damaged: it is no JSON object"));
  EXPECT_EQ(runs[3].problem.find(root_ + "/d_type/config.json is not what a run writes"), 0u);
  for (int i : {1, 2, 3}) EXPECT_EQ(runs[i].state, RunSummary::State::kDamaged);
  EXPECT_EQ(runs[4].state, RunSummary::State::kInterrupted);
  EXPECT_EQ(runs[4].epochs, 0);
  EXPECT_EQ(runs[4].seconds, 0);
}

}  // namespace
}  // namespace nap
