#include "nap/report/search_record.h"

#include <absl/strings/match.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/base/files.h"
#include "nap/report/accuracy_table.h"
#include "nap/search_space/search_space.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

using Json = nlohmann::json;

class SearchRecordTest : public testing::Test {
 protected:
  SearchRecordTest() {
    path_ = testing::TempDir() + "/search_record_test/" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(path_);
    space_.cell_types = {CellTopology::Dense("normal", 2, 1, 1),
                         CellTopology::Dense("reduce", 2, 1, 2)};
    space_.operations = {{"none", true}, {"skip_connect"}, {"sep_conv_3x3"}};
  }

  absl::StatusOr<std::unique_ptr<RunFolder>> Create() {
    return RunFolder::Create(path_, SearchRun("test_search"), {{"seed", "7"}, {"epochs", "2"}});
  }

  std::vector<Json> Lines(const std::string& file) {
    std::vector<Json> lines;
    std::istringstream content(*ReadFile(path_ + "/" + file));
    for (std::string line; std::getline(content, line);) lines.push_back(Json::parse(line));
    return lines;
  }

  SearchEpochReport Report() {
    SearchEpochReport report{{}, NumberTable(space_, 0.5), NumberTable(space_, 0.125), {}};
    report.epoch = 1;
    report.epochs = 2;
    report.learning_rate = 0.025;
    report.train_loss = 1.5;
    report.train_accuracy = 0.25;
    report.strength_loss = 1.25;
    report.valid_loss = 1.75;
    report.valid_accuracy = 0.5;
    report.seconds = 3;
    report.operations_alive = {4, 3};
    report.parameters = 1000;
    report.peak_memory_bytes = 2000;
    report.peak_gpu_memory_bytes = 500;
    report.broken_images = 3;
    report.pruned = {{1, 0, 2}};
    report.living = {{0, 1, 1}};
    return report;
  }

  std::string path_;
  std::unique_ptr<SearchSpace> search_space_ = *MakeSearchSpace("darts");
  CandidateSpace space_;
};

TEST_F(SearchRecordTest, SaysHowTheRunWasMade) {
  ASSERT_TRUE(Create().ok());
  const Json config = Json::parse(*ReadFile(path_ + "/config.json"));
  EXPECT_EQ(config["experiment"], "test_search");
  EXPECT_EQ(config["flags"], (Json{{"seed", "7"}, {"epochs", "2"}}));
  for (const char* key : {"nap", "libtorch", "blas", "compiler"}) {
    EXPECT_FALSE(config["versions"][key].get<std::string>().empty());
  }
  // Two runtimes would start twice as many threads as there are cores.
  EXPECT_EQ(config["versions"]["openmp"].size(), 1) << config["versions"]["openmp"];
  EXPECT_GE(config["machine"]["cores"], 1);
}

TEST_F(SearchRecordTest, AppendsALineForEachStepAndEpoch) {
  auto folder = Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_TRUE(WriteStep({1, 2, 10, 20, 2.5, 0.125, 0, 64, 9, 6}, folder->get()).ok());
  ASSERT_TRUE(WriteEpoch(Report(), *search_space_, space_, folder->get()).ok());
  const std::vector<Json> metrics = Lines("metrics.jsonl");
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0]["kind"], "step");
  EXPECT_EQ(metrics[0]["step"], 10);
  EXPECT_EQ(metrics[0]["train_loss"], 2.5);
  EXPECT_EQ(metrics[1]["kind"], "epoch");
  EXPECT_EQ(metrics[1]["valid_accuracy"], 0.5);
  EXPECT_EQ(metrics[1]["broken_images"], 3);
  EXPECT_EQ(metrics[1]["peak_memory_bytes"], 2000);
  EXPECT_EQ(metrics[1]["peak_gpu_memory_bytes"], 500);
  EXPECT_FALSE(metrics[1].contains("architecture"));
  EXPECT_EQ(metrics[1]["operations_alive"], (Json{{"normal", 4}, {"reduce", 3}}));
  const std::vector<Json> strengths = Lines("strengths.jsonl");
  ASSERT_EQ(strengths.size(), 1u);
  EXPECT_EQ(strengths[0]["operations"], (Json{"none", "skip_connect", "sep_conv_3x3"}));
  EXPECT_EQ(strengths[0]["strengths"]["normal"], (Json{{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}));
  EXPECT_EQ(strengths[0]["mixing_weights"]["reduce"][1][2], 0.125);
  EXPECT_EQ(strengths[0]["pruned"][0], (Json{"reduce", 0, 2, "sep_conv_3x3"}));
  EXPECT_EQ(strengths[0]["living"][0], (Json{"normal", 1, 2, "skip_connect"}));
  EXPECT_EQ(strengths[0]["scorings"], Json::array());
  SearchEpochReport scored = Report();
  scored.scorings = {{1, NumberTable(space_, 0.25)},
                     {2, NumberTable(space_, std::numeric_limits<double>::quiet_NaN())}};
  ASSERT_TRUE(WriteEpoch(scored, *search_space_, space_, folder->get()).ok());
  const Json scorings = Lines("strengths.jsonl")[1]["scorings"];
  EXPECT_EQ(scorings[0]["scoring"], 1);
  EXPECT_EQ(scorings[0]["scores"]["normal"], (Json{{0.25, 0.25, 0.25}, {0.25, 0.25, 0.25}}));
  EXPECT_EQ(scorings[1]["scoring"], 2);
  EXPECT_TRUE(scorings[1]["scores"]["reduce"][1][2].is_null());
  EXPECT_FALSE(scorings[0].contains("samples"));
  scored.scorings[1].samples = {{LivingTable(space_, true), {0.5, -2}},
                                {LivingTable(space_, true), {0.25}}};
  scored.score_names = {"synflow", "training_loss:steps=3"};
  ASSERT_TRUE(WriteEpoch(scored, *search_space_, space_, folder->get()).ok());
  const Json samples = Lines("strengths.jsonl")[2]["scorings"][1]["samples"];
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0]["scores"], (Json{{"synflow", 0.5}, {"training_loss:steps=3", -2}}));
  EXPECT_EQ(samples[1]["scores"], (Json{{"synflow", 0.25}}));
  EXPECT_EQ(
      samples[1]["architecture"],
      search_space_->ToText(GenotypeOf(search_space_->name(), space_, LivingTable(space_, true))));
  EXPECT_FALSE(strengths[0].contains("edge_strengths"));
  SearchEpochReport with_edges = Report();
  with_edges.edge_strengths = {{0.25, 0.5}, {-0.25, 0}};
  ASSERT_TRUE(WriteEpoch(with_edges, *search_space_, space_, folder->get()).ok());
  EXPECT_EQ(Lines("strengths.jsonl")[3]["edge_strengths"],
            (Json{{"normal", {0.25, 0.5}}, {"reduce", {-0.25, 0}}}));
}

TEST_F(SearchRecordTest, WritesTheGenotypeInEveryForm) {
  auto folder = Create();
  ASSERT_TRUE(folder.ok());
  const Genotype genotype{"darts:nodes=1",
                          {{"normal", {{{"sep_conv_3x3", 0}, {"skip_connect", 1}}}, {2}},
                           {"reduce", {{{"skip_connect", 1}}}, {2}}}};
  ASSERT_TRUE(WriteGenotype(genotype, *search_space_, folder->get()).ok());
  EXPECT_EQ(*GenotypeFromJson(*ReadFile(path_ + "/genotype.json")), genotype);
  EXPECT_EQ(*GenotypeFromDarts(*ReadFile(path_ + "/genotype.txt")), genotype);
  EXPECT_EQ(ReadFile(path_ + "/genotype.dot")->substr(0, 7), "digraph");
}

TEST_F(SearchRecordTest, JudgesTheCellsOfNasBench201) {
  const std::string architecture =
      "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|";
  const std::string other = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
  auto folder = Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  search_space_ = *MakeSearchSpace("nas_bench_201");
  SearchEpochReport report = Report();
  report.genotype = *GenotypeFromNasBench201(architecture);
  ASSERT_TRUE(WriteFileAtomically(path_ + "/table.csv", "architecture,accuracy\n" + other +
                                                            ",92.5\n" + architecture + ",87.5\n")
                  .ok());
  const auto table = AccuracyTable::Read(path_ + "/table.csv");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_TRUE(WriteEpoch(report, *search_space_, space_, folder->get(), &*table).ok());
  ASSERT_TRUE(WriteEpoch(report, *search_space_, space_, folder->get()).ok());
  report.genotype = *GenotypeFromNasBench201(
      "|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|");
  ASSERT_TRUE(WriteEpoch(report, *search_space_, space_, folder->get(), &*table).ok());
  const std::vector<Json> metrics = Lines("metrics.jsonl");
  ASSERT_EQ(metrics.size(), 3u);
  EXPECT_EQ(metrics[0]["architecture"], architecture);
  EXPECT_EQ(metrics[0]["table_accuracy"], 0.875);
  EXPECT_EQ(metrics[0]["table_rank"], 2);
  EXPECT_EQ(metrics[1]["architecture"], architecture);
  for (const Json& line : {metrics[1], metrics[2]}) {
    EXPECT_FALSE(line.contains("table_accuracy"));
    EXPECT_FALSE(line.contains("table_rank"));
  }
  const Genotype genotype = *GenotypeFromNasBench201(architecture);
  ASSERT_TRUE(WriteGenotype(genotype, *search_space_, folder->get()).ok());
  EXPECT_EQ(*ReadFile(path_ + "/genotype.txt"), architecture + "\n");
  EXPECT_EQ(*GenotypeFromJson(*ReadFile(path_ + "/genotype.json")), genotype);
}

// Search spaces of somebody else's (spaces_for_tests.cc): with a format of its own, and without.
TEST_F(SearchRecordTest, WritesGenotypesAsTheirSearchSpaceSays) {
  auto folder = Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  SearchEpochReport report = Report();
  report.genotype = {"three_inputs",
                     {{"cell", {{{"skip_connect", 2}}, {{"none", 0}, {"a", 3}}}, {3, 4}}}};
  const std::string text = "three: skip_connect from 2; none from 0, a from 3";
  search_space_ = *MakeSearchSpace("three_inputs");
  ASSERT_TRUE(WriteEpoch(report, *search_space_, space_, folder->get()).ok());
  ASSERT_TRUE(WriteGenotype(report.genotype, *search_space_, folder->get()).ok());
  EXPECT_EQ(*ReadFile(path_ + "/genotype.txt"), text + "\n");
  report.genotype.search_space = "plain";
  search_space_ = *MakeSearchSpace("plain");
  ASSERT_TRUE(WriteEpoch(report, *search_space_, space_, folder->get()).ok());
  ASSERT_TRUE(WriteGenotype(report.genotype, *search_space_, folder->get()).ok());
  EXPECT_EQ(*ReadFile(path_ + "/genotype.txt"), GenotypeToJson(report.genotype));
  const std::vector<Json> metrics = Lines("metrics.jsonl");
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0]["architecture"], text);
  EXPECT_FALSE(metrics[1].contains("architecture"));
  EXPECT_NE(ReadFile(path_ + "/genotype.dot")->find("c_{k-3}"), std::string::npos);
}

TEST_F(SearchRecordTest, NeverWritesIntoAnotherRun) {
  ASSERT_TRUE(Create().ok());
  const auto again = Create();
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(again.status().message().find(path_), absl::string_view::npos);
}

TEST_F(SearchRecordTest, ReopensWhereTheCheckpointWasWritten) {
  {
    auto folder = *Create();
    ASSERT_TRUE(WriteEpoch(Report(), *search_space_, space_, folder.get()).ok());
    ASSERT_TRUE(folder->WriteCheckpoint({}).ok());
    ASSERT_TRUE(WriteEpoch(Report(), *search_space_, space_, folder.get()).ok());
    ASSERT_TRUE(WriteStep({1, 2, 10, 20, 2.5, 0.125, 0, 64, 9, 6}, folder.get()).ok());
  }
  const auto flags = RunFolder::FlagsOf(path_, SearchRun("test_search"));
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(*flags, (std::map<std::string, std::string>{{"epochs", "2"}, {"seed", "7"}}));
  const auto checkpoint = ReadNewestCheckpoint(path_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  {
    const auto folder = RunFolder::Reopen(path_, SearchRun("test_search"), &*checkpoint);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(Lines("metrics.jsonl").size(), 1u);
    EXPECT_EQ(Lines("strengths.jsonl").size(), 1u);
    ASSERT_TRUE(WriteEpoch(Report(), *search_space_, space_, folder->get()).ok());
    EXPECT_EQ(Lines("metrics.jsonl").size(), 2u);
    EXPECT_EQ(Lines("strengths.jsonl").size(), 2u);
  }
  // What is lost is lost; what comes is recorded.
  ASSERT_TRUE(WriteFileAtomically(path_ + "/metrics.jsonl", "{}\n{\"ep").ok());
  std::filesystem::remove(path_ + "/strengths.jsonl");
  {
    const auto folder = RunFolder::Reopen(path_, SearchRun("test_search"), &*checkpoint);
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE(WriteEpoch(Report(), *search_space_, space_, folder->get()).ok());
    EXPECT_EQ(Lines("metrics.jsonl").size(), 2u);
    EXPECT_EQ(Lines("strengths.jsonl").size(), 1u);
  }
  // With another run's checkpoint a line would be cut.
  const std::string first(static_cast<size_t>(checkpoint->integers.at("metrics.jsonl.bytes") - 3),
                          'x');
  ASSERT_TRUE(WriteFileAtomically(path_ + "/metrics.jsonl", first + "\nsecond\n").ok());
  ASSERT_TRUE(RunFolder::Reopen(path_, SearchRun("test_search"), &*checkpoint).ok());
  EXPECT_EQ(*ReadFile(path_ + "/metrics.jsonl"), first + "\n");
  // Killed before the first checkpoint.
  ASSERT_TRUE(RunFolder::Reopen(path_, SearchRun("test_search"), nullptr).ok());
  EXPECT_EQ(*ReadFile(path_ + "/strengths.jsonl"), "");
}

TEST_F(SearchRecordTest, AnEventFileThatIsLostBeginsAnew) {
  {
    auto folder = *Create();
    ASSERT_TRUE(folder->UseTensorboard(nullptr).ok());
    ASSERT_TRUE(folder->WriteScalars(1, {{"loss", 2.5}}).ok());
    ASSERT_TRUE(folder->WriteCheckpoint({}).ok());
  }
  const auto events = [&] {
    std::string path;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (absl::StrContains(entry.path().string(), "events.out.")) path = entry.path().string();
    }
    return path;
  };
  const std::string whole = *ReadFile(events());
  std::filesystem::remove(events());
  const auto checkpoint = ReadNewestCheckpoint(path_);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const auto folder = RunFolder::Reopen(path_, SearchRun("test_search"), &*checkpoint);
  ASSERT_TRUE(folder.ok()) << folder.status();
  ASSERT_TRUE((*folder)->UseTensorboard(&*checkpoint).ok());
  ASSERT_TRUE((*folder)->WriteScalars(1, {{"loss", 2.5}}).ok());
  EXPECT_EQ(ReadFile(events())->size(), whole.size());
}

TEST_F(SearchRecordTest, SaysWhatCannotBeResumed) {
  const auto message = [&](const std::string& experiment) {
    const absl::Status status = RunFolder::FlagsOf(path_, SearchRun(experiment)).status();
    return std::string(
        (status.ok() ? RunFolder::CheckNotFinished(path_, SearchRun(experiment)) : status)
            .message());
  };
  EXPECT_EQ(message("x"), path_ + " holds no run to resume; without --resume one begins there");
  auto folder = *Create();
  EXPECT_EQ(message("x"), path_ + " holds a run of test_search, not of x");
  const Genotype genotype{"darts", {{"normal", {{{"skip_connect", 1}}}, {2}}}};
  ASSERT_TRUE(WriteGenotype(genotype, *search_space_, folder.get()).ok());
  // Another program may have written the file.
  EXPECT_TRUE(RunFolder::CheckNotFinished(path_, SearchRun("test_search")).ok());
  ASSERT_TRUE(folder->Finish().ok());
  EXPECT_EQ(message("test_search"),
            "the run in " + path_ + " is finished, its result is " + path_ +
                "/genotype.json; to begin anew, choose another folder with --out_dir");
  for (const char* content : {"{", "[]", "{\"flags\": 3}", "{\"flags\": [\"x\"]}"}) {
    ASSERT_TRUE(WriteFileAtomically(path_ + "/config.json", content).ok());
    EXPECT_EQ(message("test_search"), path_ + "/config.json is damaged: it names no flags");
  }
}

// Up to version 0.3 nothing recorded it.
TEST_F(SearchRecordTest, ARunOfAnEarlierVersionIsFinishedWithItsResult) {
  auto folder = *Create();
  ASSERT_TRUE(
      WriteFileAtomically(path_ + "/config.json", "{\"experiment\": \"test_search\"}").ok());
  EXPECT_FALSE(RunFolder::IsFinished(path_, SearchRun("test_search")));
  ASSERT_TRUE(WriteFileAtomically(path_ + "/genotype.json", "{}").ok());
  EXPECT_TRUE(RunFolder::IsFinished(path_, SearchRun("test_search")));
}

TEST_F(SearchRecordTest, OneProcessIsAtWorkOnARun) {
  {
    const auto folder = *Create();
    std::filesystem::create_directory_symlink(path_, path_ + ".link");
    const auto lock = RunFolder::Lock(path_ + ".link", SearchRun("test_search"));
    EXPECT_TRUE(absl::IsUnavailable(lock.status()));
    EXPECT_NE(lock.status().message().find("another process is at work on the run in " + path_),
              absl::string_view::npos);
  }
  EXPECT_TRUE(RunFolder::Lock(path_, SearchRun("test_search")).ok());
  std::filesystem::remove(path_ + ".link");
}

TEST_F(SearchRecordTest, NamesAFolderThatCannotBe) {
  std::filesystem::create_directories(path_);
  ASSERT_TRUE(WriteFileAtomically(path_ + "/file", "x").ok());
  const auto folder = RunFolder::Create(path_ + "/file/run", SearchRun("test"), {});
  EXPECT_NE(folder.status().message().find(path_ + "/file/run"), absl::string_view::npos)
      << folder.status();
}

TEST_F(SearchRecordTest, SaysWhenTheDiskIsFull) {
  std::filesystem::create_directories(path_);
  std::filesystem::create_symlink("/dev/full", path_ + "/metrics.jsonl");
  auto folder = Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const absl::Status status = WriteEpoch(Report(), *search_space_, space_, folder->get());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("metrics.jsonl: No space left on device"),
            absl::string_view::npos)
      << status;
}

}  // namespace
}  // namespace nap
