// A search that is stopped while it scores or evaluates: at once, by all processes together, and
// gone on with as if nothing had been.
#include "nap/base/interrupt.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/architecture/genotype_json.h"
#include "nap/runtime/processes_for_tests.h"
#include "nap/scores/score.h"
#include "nap/search/searcher.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

struct Moment {
  std::string phase;  // how its name begins; empty: never
  int which = 1;      // of those phases
};

// Stops the search at the second report of a phase, on one of the processes.
class Stopper final : public SearchObserver {
 public:
  Stopper(const Searcher* searcher, const Moment& moment, bool asks)
      : searcher_(searcher), moment_(moment), asks_(asks) {}

  absl::Status OnStep(const SearchStepReport&) override { return absl::OkStatus(); }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    const auto add = [this](double value) { absl::StrAppendFormat(&numbers, " %a", value); };
    report.strengths.ForEach(add);
    for (const double value :
         {report.valid_loss, report.valid_accuracy, static_cast<double>(report.broken_images)}) {
      add(value);
    }
    for (const Scoring& scoring : report.scorings) {
      add(scoring.number);
      scoring.scores.ForEach(add);
    }
    for (const Removal& removal : report.removals) {
      for (const double value : {removal.score, removal.next, 1.0 * removal.scoring}) add(value);
    }
    return absl::OkStatus();
  }

  void OnPhase(const PhaseReport& report) override {
    EXPECT_GE(report.seconds_left, 0);
    if (moment_.phase.empty() || !absl::StartsWith(report.what, moment_.phase)) return;
    if (report.seconds == 0) ++phases_;
    if (phases_ < moment_.which || report.done == 0 || stopped_at_ >= 0) return;
    stopped_at_ = report.done;
    if (asks_) NoteInterrupt(SIGTERM);
    // The others learn of it while they are at work themselves.
    while (InterruptSignal() == 0) std::this_thread::yield();
  }

  absl::Status OnStop(const PhaseReport& report) override {
    EXPECT_TRUE(absl::StartsWith(report.what, moment_.phase)) << report.what;
    if (stopped_at_ >= 0) {
      EXPECT_EQ(report.done, stopped_at_) << "went on";
    }
    saved = EncodeCheckpoint(searcher_->Save());
    return absl::OkStatus();
  }

  std::string numbers, saved;

 private:
  const Searcher* const searcher_;
  const Moment moment_;
  const bool asks_;
  int phases_ = 0;
  int64_t stopped_at_ = -1;
};

// What rank 0 says at the end: the checkpoint if it was stopped, else numbers and genotype.
std::string Search(SearchOptions options, int processes, const Moment& moment,
                   const std::string& checkpoint = "") {
  const auto ends = RunProcesses(processes, [&](const Group& group) {
    options.processes = group;
    const std::unique_ptr<Dataset> whole = TinyImages(40);
    const DamagedDataset images(whole.get(), 7);
    const auto searcher = *Searcher::Create(options, &images);
    if (!checkpoint.empty()) {
      EXPECT_TRUE(searcher->Load(*DecodeCheckpoint(checkpoint, "")).ok());
    }
    Stopper stopper(searcher.get(), moment, /*asks=*/group->rank() == processes - 1);
    const absl::StatusOr<Genotype> genotype = searcher->Run(&stopper);
    if (moment.phase.empty()) {
      std::string text = absl::StrCat(stopper.numbers, GenotypeToJson(*genotype));
      for (const FrontPoint& point : searcher->Front()) {
        absl::StrAppendFormat(&text, "%a %s", point.quality, GenotypeToJson(point.genotype));
      }
      return text;
    }
    EXPECT_TRUE(absl::IsCancelled(genotype.status())) << genotype.status();
    EXPECT_EQ(InterruptSignal(), SIGTERM);
    return stopper.saved;
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
  return ends[0].text;
}

SearchOptions Options(const std::string& criterion) {
  SearchOptions options = TinySearch();
  options.search_space = "nas_bench_201";
  options.budget.operations_per_cell = 0;
  options.epochs = 3;
  options.milestones = {2, 3, 1};
  options.criterion = criterion;
  return options;
}

void ExpectStops(const SearchOptions& options, int processes, const std::vector<Moment>& moments) {
  const std::string whole = Search(options, processes, {});
  for (const Moment& moment : moments) {
    SCOPED_TRACE(absl::StrCat(options.criterion, " with ", processes, " stopped while ",
                              moment.phase, ", the ", moment.which, ". time"));
    const std::string saved = Search(options, processes, moment);
    ASSERT_FALSE(saved.empty());
    const std::string rest = Search(options, processes, {}, saved);
    EXPECT_TRUE(absl::EndsWith(whole, rest)) << "\n" << whole << "\n" << rest;
  }
}

TEST(InterruptTest, StopsWithinAScoringAndScoresAnew) {
  for (const auto& [criterion, scorings] :
       {std::pair("ablation:batches=2", 2),
        {"activation_kernel:images=8,initialisations=1,removals=6,cells=3", 2},
        {"expected_score:score=training_loss:steps=3/images=8,samples=4,removals=6", 2},
        {"best_of_random:of=parameters+training_loss:steps=3/images=8,samples=8,keep=0.5", 1},
        {"shapley:orders=4,images=8,removals=6", 2},
        {"rank_sum:of=ablation:batches=1+taylor", 2}}) {
    std::vector<Moment> moments;
    for (int which = 1; which <= scorings; ++which) moments.push_back({"scoring", which});
    for (const int processes : {1, 3}) ExpectStops(Options(criterion), processes, moments);
  }
}

// How often it is asked is counted.
class Counted final : public Score {
 public:
  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    ++asked;
    return architecture.cost().parameters % 1000;
  }
  static int asked;
};
int Counted::asked = 0;

// What a criterion has of a long scoring is saved, and not computed again.
TEST(InterruptTest, GoesOnBehindThePartsOfAScoringThatWereKept) {
  ScoreRegistry::Global().Register(
      "counted", {"a test's", [](const ParameterValues&) { return std::make_unique<Counted>(); }});
  SearchOptions options = Options("");
  options.milestones = {0, 0, 1};
  options.epochs = options.warmup_epochs = 0;
  const std::unique_ptr<Dataset> images = TinyImages(40);
  class Saver final : public SearchObserver {
   public:
    absl::Status OnPartsKept(const PhaseReport& report) override {
      EXPECT_TRUE(report.goes_on);
      if (--parts > 0) return absl::OkStatus();
      saved = searcher->Save();
      return absl::DataLossError("a lost machine");
    }
    Searcher* searcher;
    int parts;
    Checkpoint saved;
  };
  const auto run = [&](int parts, const Checkpoint* from) {
    const std::unique_ptr<Searcher> searcher = *Searcher::Create(options, images.get());
    if (from != nullptr) {
      EXPECT_TRUE(searcher->Load(*from).ok());
    }
    Saver saver;
    saver.searcher = searcher.get();
    saver.parts = parts;
    Counted::asked = 0;
    const absl::StatusOr<Genotype> genotype = searcher->Run(&saver);
    return std::pair(genotype, saver.saved);
  };
  for (const auto& [criterion, all] :
       {std::pair("best_of_random:of=counted+counted,samples=6,keep=0.5", 6 + 3),
        {"expected_score:score=counted,samples=6,removals=0", 6}}) {
    options.criterion = criterion;
    const Genotype whole = *run(/*parts=*/100, nullptr).first;
    EXPECT_EQ(Counted::asked, all);
    for (int parts = 1; parts < all; ++parts) {
      SCOPED_TRACE(testing::Message() << criterion << " after " << parts);
      const auto [lost, saved] = run(parts, nullptr);
      EXPECT_TRUE(absl::IsDataLoss(lost.status())) << lost.status();
      EXPECT_EQ(Counted::asked, parts);
      EXPECT_EQ(*run(/*parts=*/100, &saved).first, whole);
      EXPECT_EQ(Counted::asked, all - parts);
    }
  }
}

TEST(InterruptTest, StopsWithinAScoringBeforeTheFirstEpoch) {
  SearchOptions options =
      Options("activation_kernel:images=8,initialisations=1,removals=6,cells=3");
  options.milestones = {0, 0, 1};
  options.epochs = 0;
  options.warmup_epochs = 0;
  const std::string saved = Search(options, 1, {"scoring", 2});
  EXPECT_EQ(Search(options, 1, {}, saved), Search(options, 1, {}));
}

TEST(InterruptTest, StopsWithinTheScoringsOfAFront) {
  // Points share none of its scorings.
  SearchOptions options =
      Options("expected_score:score=activation_kernel:images=8,samples=4,removals=6");
  options.points = 5;  // so that some process has several to judge
  options.final_network.network.cells = 15;
  options.milestones = {0, 0, 1};
  options.epochs = 0;
  options.warmup_epochs = 0;
  options.front_score = "training_loss:steps=3,images=8";
  for (const int processes : {1, 3}) {
    const std::string whole = Search(options, processes, {});
    // Of the first point, of others, and of the points themselves.
    for (const char* phase :
         {"scoring 24 operations of point 1", "scoring 24 operations of point 2",
          "scoring 24 operations of point 3", "scoring the points"}) {
      const std::string saved = Search(options, processes, {phase});
      ASSERT_FALSE(saved.empty()) << phase;
      EXPECT_EQ(Search(options, processes, {}, saved), whole) << phase;
    }
  }
}

TEST(InterruptTest, StopsWithinTheEvaluationsOfAFront) {
  SearchOptions options = Options("magnitude");
  options.points = 3;
  options.final_network.network.cells = 15;
  options.evaluation_images = 0;
  options.batch_size = 4;
  std::vector<Moment> moments;
  for (const int point : {1, 2, 3}) {
    moments.push_back({absl::StrCat("evaluating the validation part of point ", point)});
  }
  for (const int processes : {1, 2}) ExpectStops(options, processes, moments);
}

TEST(InterruptTest, StopsWithinAnEvaluationAndEvaluatesAnew) {
  SearchOptions options = Options("magnitude");
  options.evaluation_images = 0;
  options.batch_size = 4;
  for (const int processes : {1, 2}) {
    ExpectStops(options, processes, {{"evaluating", 1}, {"evaluating", 2}});
  }
}

}  // namespace
}  // namespace nap
