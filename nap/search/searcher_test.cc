#include "nap/search/searcher.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/architecture/genotype_json.h"
#include "nap/model/network_cost.h"
#include "nap/pruning/criterion.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/runtime/memory.h"
#include "nap/search/optimization.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

class Recorder final : public SearchObserver {
 public:
  absl::Status OnStep(const SearchStepReport& report) override {
    steps.push_back(report);
    return static_cast<int>(steps.size()) == fail_at ? absl::DataLossError("observer")
                                                     : absl::OkStatus();
  }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    epochs.push_back(report);
    return absl::OkStatus();
  }

  std::vector<SearchStepReport> steps;
  absl::Status OnPruning(const PruningReport& report) override {
    prunings.push_back(report);
    return absl::OkStatus();
  }
  void OnPhase(const PhaseReport& report) override { phases.push_back(report); }

  std::vector<PruningReport> prunings;
  std::vector<PhaseReport> phases;
  std::vector<SearchEpochReport> epochs;
  int fail_at = -1;
};

int CountKept(const CellGenotype& cell) {
  int count = 0;
  for (const auto& node : cell.nodes) count += static_cast<int>(node.size());
  return count;
}

class SearcherTest : public testing::Test {
 protected:
  absl::StatusOr<Genotype> Search(const SearchOptions& options, Recorder* recorder) {
    auto searcher = Searcher::Create(options, images_.get());
    if (!searcher.ok()) return searcher.status();
    return (*searcher)->Run(recorder);
  }

  std::unique_ptr<Dataset> images_ = TinyImages(64);
};

TEST_F(SearcherTest, MeetsTheBudgetExactlyAndPrunesForGood) {
  Recorder recorder;
  const auto genotype = Search(TinySearch(), &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  ASSERT_EQ(genotype->cells.size(), 2u);
  for (const CellGenotype& cell : genotype->cells) {
    EXPECT_EQ(CountKept(cell), 8);
    for (const auto& node : cell.nodes) EXPECT_FALSE(node.empty());
  }
  ASSERT_EQ(recorder.epochs.size(), 4u);
  EXPECT_EQ(recorder.steps.size(), 12u);
  EXPECT_EQ(recorder.epochs[0].operations_alive, (std::vector<int>{98, 98}));
  EXPECT_EQ(recorder.epochs[3].operations_alive, (std::vector<int>{8, 8}));
  std::vector<CandidateId> gone;
  for (const SearchEpochReport& epoch : recorder.epochs) {
    gone.insert(gone.end(), epoch.pruned.begin(), epoch.pruned.end());
    for (const CandidateId& id : epoch.living) {
      EXPECT_EQ(std::find(gone.begin(), gone.end(), id), gone.end()) << "came back";
    }
  }
  // Pruned operations free their parameters.
  EXPECT_EQ(recorder.epochs[1].parameters < recorder.epochs[0].parameters, true);
  EXPECT_LT(recorder.epochs[3].parameters, recorder.epochs[0].parameters / 3);
}

TEST_F(SearcherTest, SaysWhatEverythingScoredThatLived) {
  SearchOptions options = TinySearch();
  options.criterion = "activation_kernel:images=8,initialisations=1,removals=40,cells=3";
  Recorder recorder;
  const auto genotype = Search(options, &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  EXPECT_TRUE(recorder.epochs[0].scorings.empty());
  size_t alive = 196;
  for (const SearchEpochReport& epoch : recorder.epochs) {
    for (size_t i = 0; i < epoch.scorings.size(); ++i) {
      const Scoring& scoring = epoch.scorings[i];
      EXPECT_EQ(scoring.number, static_cast<int>(i) + 1);
      size_t scored = 0, removed = 0;
      scoring.scores.ForEach([&](double score) { scored += std::isnan(score) ? 0 : 1; });
      EXPECT_EQ(scored, alive);
      for (const Removal& removal : epoch.removals) {
        if (removal.scoring != scoring.number) continue;
        EXPECT_EQ(scoring.scores[removal.id], removal.score);
        ++removed;
      }
      EXPECT_GT(removed, 0u);
      alive -= removed;
    }
  }
  EXPECT_EQ(alive, 16u);
}

TEST_F(SearcherTest, WarmUpLeavesStrengthsAlone) {
  Recorder recorder;
  SearchOptions options = TinySearch();
  ASSERT_TRUE(Search(options, &recorder).ok());
  for (int cell = 0; cell < 2; ++cell) {
    for (double strength : recorder.epochs[0].strengths.Values(cell)) {
      // Where unnormalized strengths start, but for the noise that breaks ties.
      EXPECT_NEAR(strength, 0.5, 0.01);
    }
    EXPECT_NE(recorder.epochs[1].strengths.Values(cell), recorder.epochs[0].strengths.Values(cell));
  }
}

TEST_F(SearcherTest, SaysWhatItWouldGiveAndEndsWithThat) {
  // The last two are somebody else's (spaces_for_tests.cc).
  for (const std::string space :
       {"darts", "darts:nodes=5", "nas_bench_201", "plain", "three_inputs:nodes=3"}) {
    SearchOptions options = TinySearch();
    options.search_space = space;
    options.budget.operations_per_cell = 0;
    const auto definition = *MakeSearchSpace(space);
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    for (const SearchEpochReport& epoch : recorder.epochs) {
      EXPECT_EQ(epoch.genotype.search_space, space);
      ASSERT_EQ(epoch.genotype.cells.size(), definition->cell_types().size());
      for (const CellGenotype& cell : epoch.genotype.cells) {
        EXPECT_EQ(CountKept(cell), definition->operations_per_cell()) << space;
      }
    }
    EXPECT_EQ(recorder.epochs.back().genotype, *genotype) << space;
  }
}

// One operation an edge: the strongest of those that live.
TEST_F(SearcherTest, WouldGiveTheStrongestOperationOfEachEdge) {
  SearchOptions options = TinySearch();
  options.search_space = "nas_bench_201";
  options.budget.operations_per_cell = 0;
  Recorder recorder;
  const auto searcher = *Searcher::Create(options, images_.get());
  ASSERT_TRUE(searcher->Run(&recorder).ok());
  const CandidateSpace& space = searcher->space();
  const SearchEpochReport& epoch = recorder.epochs[0];  // before anything is pruned
  ASSERT_TRUE(epoch.pruned.empty());
  LivingTable strongest(space, false);
  for (int edge = 0; edge < 6; ++edge) {
    CandidateId best{0, edge, 1};  // after none
    for (int operation = 2; operation < 5; ++operation) {
      const CandidateId id{0, edge, operation};
      if (std::abs(epoch.mixing_weights[id]) > std::abs(epoch.mixing_weights[best])) best = id;
    }
    strongest[best] = true;
  }
  EXPECT_EQ(epoch.genotype, GenotypeOf("nas_bench_201", space, strongest));
}

// To the bit, in one process, whatever the loader's thread does.
TEST_F(SearcherTest, TheSameSeedGivesTheSameBits) {
  const auto run = [&](uint64_t seed) {
    SearchOptions options = TinySearch();
    options.seed = seed;
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    EXPECT_TRUE(genotype.ok());
    std::vector<double> trace;
    for (const SearchEpochReport& epoch : recorder.epochs) {
      trace.push_back(epoch.train_loss);
      trace.push_back(epoch.valid_loss);
      for (int cell = 0; cell < 2; ++cell) {
        const auto& values = epoch.strengths.Values(cell);
        trace.insert(trace.end(), values.begin(), values.end());
      }
    }
    return std::pair(*genotype, trace);
  };
  const auto first = run(1), again = run(1), other = run(2);
  EXPECT_EQ(first.second, again.second);
  EXPECT_EQ(first.first, again.first);
  EXPECT_NE(first.second, other.second);
}

// Before the first epoch, one operation after the other; nothing is trained.
TEST_F(SearcherTest, PrunesAnUntrainedNetwork) {
  SearchOptions options = TinySearch();
  options.search_space = "nas_bench_201";
  options.criterion = "activation_kernel:images=8,removals=2,cells=6";
  options.budget.operations_per_cell = 0;  // the space's own
  options.epochs = 0;
  options.milestones = {0, 0, 1};
  Recorder recorder;
  const auto genotype = Search(options, &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  EXPECT_EQ(CountKept(genotype->cells[0]), 6);
  EXPECT_TRUE(recorder.steps.empty());
  ASSERT_EQ(recorder.epochs.size(), 1);
  const SearchEpochReport& report = recorder.epochs[0];
  EXPECT_EQ(report.epoch, 0);
  EXPECT_TRUE(std::isnan(report.train_loss));
  EXPECT_EQ(report.genotype, *genotype);
  EXPECT_EQ(report.operations_alive, std::vector<int>{6});
  // 24 operations but zero ones, of which 6 stay; each scoring takes the two lowest.
  ASSERT_EQ(report.removals.size(), 18);
  ASSERT_EQ(recorder.prunings.size(), 9);
  for (size_t i = 0; i < report.removals.size(); ++i) {
    EXPECT_EQ(report.removals[i].scoring, i / 2 + 1);
    const Removal& first_of_scoring = report.removals[i / 2 * 2];
    EXPECT_LE(first_of_scoring.score, report.removals[i].score);
  }
  EXPECT_EQ(recorder.prunings.back().operations_alive, 6);

  // The same again, to the bit; other networks with another seed.
  Recorder again, other;
  EXPECT_EQ(*Search(options, &again), *genotype);
  EXPECT_EQ(again.epochs[0].removals[0].score, report.removals[0].score);
  options.seed = 1;
  ASSERT_TRUE(Search(options, &other).ok());
  EXPECT_NE(other.epochs[0].removals[0].score, report.removals[0].score);
}

// Asking leaves what is trained as it is.
TEST_F(SearcherTest, AskingTrainsNothing) {
  const auto losses = [&](const std::string& criterion) {
    SearchOptions options = TinySearch();
    options.criterion = criterion;
    options.milestones = {2, 4, 1};
    Recorder recorder;
    EXPECT_TRUE(Search(options, &recorder).ok());
    return std::pair(recorder.epochs[0].valid_loss, recorder.epochs[1].valid_loss);
  };
  EXPECT_EQ(losses(QuickCriterion("activation_kernel")), losses("magnitude"));
  EXPECT_EQ(losses("activation_kernel:images=8,removals=0,trained=1,batch_norms=1"),
            losses("magnitude"));
  EXPECT_EQ(losses("activation_kernel:images=8,removals=0,trained=1"), losses("magnitude"));
  EXPECT_EQ(losses("expected_score:score=training_loss:steps=2/images=4,samples=2,removals=0"),
            losses("magnitude"));
}

// Scores by what is known of the search's networks: the largest architectures are left.
TEST_F(SearcherTest, DrawsArchitecturesAndScoresThem) {
  SearchOptions options = TinySearch();
  options.search_space = "nas_bench_201";
  options.budget.operations_per_cell = 0;
  options.criterion = "expected_score:score=parameters,samples=40,removals=3";
  options.epochs = 0;
  options.milestones = {0, 0, 1};
  Recorder recorder;
  const auto genotype = Search(options, &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  for (const auto& inputs : genotype->cells[0].nodes) {
    for (const GenotypeInput& input : inputs) EXPECT_EQ(input.operation, "nor_conv_3x3");
  }
  options.criterion = "expected_score:score=nothing";
  EXPECT_NE(Search(options, &recorder).status().message().find("unknown score 'nothing'"),
            std::string::npos);
}

// A criterion that chooses an architecture gets it, limit or none, and whatever the costs are.
TEST_F(SearcherTest, EndsWithTheArchitectureThatWasChosen) {
  SearchOptions options = TinySearch();
  options.epochs = options.warmup_epochs = 0;
  options.milestones = {0, 0, 1};
  for (const double limit : {0., 350e6}) {
    options.max_mult_adds = limit;
    options.budget.operations_per_cell = limit > 0 ? PrunerOptions::kAnyNumber : 8;
    std::set<std::string> genotypes;
    for (const int samples : {1, 2, 4, 8}) {
      options.criterion = absl::StrCat("best_of_random:of=parameters,samples=", samples);
      options.cost_exponent = 0;
      Recorder recorder;
      const auto genotype = Search(options, &recorder);
      ASSERT_TRUE(genotype.ok()) << genotype.status();
      // What is worth the most is what the best architecture has: all of it is kept and nothing
      // else, even where there is room for more.
      const SearchEpochReport& report = recorder.epochs.back();
      ASSERT_EQ(report.scorings.size(), 1u);
      for (int cell = 0; cell < 2; ++cell) {
        const std::vector<double>& scores = report.scorings[0].scores.Values(cell);
        EXPECT_EQ(std::count(scores.begin(), scores.end(), samples), report.operations_alive[cell]);
      }
      for (const CandidateId& id : report.living) {
        EXPECT_EQ((report.scorings[0].scores[id]), samples);
      }
      options.cost_exponent = 2;
      EXPECT_EQ(*Search(options, &recorder), *genotype);
      genotypes.insert(GenotypeToJson(*genotype));
    }
    EXPECT_GT(genotypes.size(), 1u);
  }
}

// In warm-up alone: without it nothing changes.
TEST_F(SearcherTest, DropsOperationsInWarmUp) {
  const auto losses = [&](double dropout, int warmup_epochs) {
    SearchOptions options = TinySearch();
    options.operation_dropout = dropout;
    options.warmup_epochs = warmup_epochs;
    Recorder recorder;
    EXPECT_TRUE(Search(options, &recorder).ok());
    return recorder.epochs[0].train_loss;
  };
  EXPECT_NE(losses(0.5, 1), losses(0, 1));
  EXPECT_EQ(losses(0.5, 1), losses(0.5, 1));
  EXPECT_EQ(losses(0.5, 0), losses(0, 0));
}

// Whatever can be named runs, and the searcher need not know what it is.
TEST_F(SearcherTest, RunsEveryStrategy) {
  const auto expect_runs = [&](const SearchOptions& options, const std::string& what) {
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    ASSERT_TRUE(genotype.ok()) << what << ": " << genotype.status();
    for (const CellGenotype& cell : genotype->cells) EXPECT_EQ(CountKept(cell), 8) << what;
    // One who always says the same says nothing. (Of parameters free operations have none.)
    std::set<double> scores;
    for (const Removal& removal : recorder.epochs.back().removals) scores.insert(removal.score);
    if (what != "parameters") {
      EXPECT_GT(scores.size(), 1u) << what;
    }
  };
  for (const std::string& name : RelaxationRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.relaxation = name;
    expect_runs(options, name);
  }
  for (const std::string& name : PruningCriterionRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.criterion = QuickCriterion(name);
    expect_runs(options, name);
  }
  for (const std::string& name : PruningScheduleRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.schedule = name;
    expect_runs(options, name);
  }
  for (const std::string& name : StrengthLossRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.strength_loss = name;
    expect_runs(options, name);
  }
  for (const std::string& name : OptimizationRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.optimization = name;
    expect_runs(options, name);
  }
}

// What the criterion takes to score is part of the peak.
TEST_F(SearcherTest, AnEpochsPeakMemoryIsThatOfItsPruningToo) {
  struct Hungry final : SearchObserver {
    absl::Status OnStep(const SearchStepReport&) override { return absl::OkStatus(); }
    absl::Status OnPruning(const PruningReport&) override {
      std::vector<char> memory(256 << 20, 1);
      peak = PeakMemoryBytes() + memory.back() - 1;
      return absl::OkStatus();
    }
    absl::Status OnEpoch(const SearchEpochReport& report) override {
      EXPECT_GE(report.peak_memory_bytes, peak);
      return absl::OkStatus();
    }
    int64_t peak = 0;
  } hungry;
  SearchOptions options = TinySearch();
  options.milestones = {4, 4, 1};
  ASSERT_TRUE((*Searcher::Create(options, images_.get()))->Run(&hungry).ok());
  EXPECT_GT(hungry.peak, 256 << 20);
}

TEST_F(SearcherTest, SearchesWithPartialChannels) {
  SearchOptions options = TinySearch();
  options.network.channels = 4;
  options.relaxation = "edge_softmax:partial_channels=2";
  const auto search = [&](const std::string& backend) {
    options.backend = backend;
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    EXPECT_TRUE(genotype.ok()) << genotype.status();
    for (const CellGenotype& cell : genotype->cells) EXPECT_EQ(CountKept(cell), 8);
    EXPECT_EQ(recorder.epochs.back().edge_strengths.size(), 2u);
    // Warm-up leaves edges' strengths alone too.
    for (size_t edge = 0; edge < 14; ++edge) {
      EXPECT_NEAR(recorder.epochs[0].edge_strengths[1][edge], 0, 0.01);
    }
    EXPECT_NE(recorder.epochs[1].edge_strengths[1], recorder.epochs[0].edge_strengths[1]);
    return recorder.epochs[0];
  };
  const SearchEpochReport fused = search("fused");
  EXPECT_NEAR(search("reference").train_loss, fused.train_loss, 0.02 * fused.train_loss);
  options.relaxation = "softmax";
  Recorder whole;
  ASSERT_TRUE(Search(options, &whole).ok());
  EXPECT_LT(fused.parameters, whole.epochs[0].parameters);
  EXPECT_TRUE(whole.epochs[0].edge_strengths.empty());
}

// The same losses, whatever computes them. Later steps magnify rounding.
TEST_F(SearcherTest, TheBackendsAgree) {
  const auto first_loss = [&](const std::string& backend) {
    SearchOptions options = TinySearch();
    options.backend = backend;
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    EXPECT_TRUE(genotype.ok()) << genotype.status();
    return recorder.epochs[0].train_loss;
  };
  const double fused = first_loss("fused");
  EXPECT_EQ(first_loss("fused:recompute=1"), fused);
  EXPECT_NEAR(first_loss("reference"), fused, 0.02 * fused);
}

TEST_F(SearcherTest, LearnsWhatCanBeLearned) {
  SearchOptions options = TinySearch();
  options.network.channels = 4;
  options.epochs = 6;
  options.milestones = {2, 5, 1};
  options.steps_per_epoch = 0;
  options.batch_size = 16;
  Recorder recorder;
  images_ = TinyImages(256);
  ASSERT_TRUE(Search(options, &recorder).ok());
  EXPECT_GT(recorder.epochs.back().valid_accuracy, 0.9);
}

TEST_F(SearcherTest, OtherCandidatesAndBudgets) {
  SearchOptions options = TinySearch();
  options.operations = {"sep_conv_3x3", "none", "conv_7x1_1x7"};
  options.budget = {17, 2};
  Recorder recorder;
  const auto genotype = Search(options, &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  for (const CellGenotype& cell : genotype->cells) {
    EXPECT_EQ(CountKept(cell), 17);
    for (const auto& [name, count] : CountOperations(cell)) {
      EXPECT_TRUE(name == "sep_conv_3x3" || name == "conv_7x1_1x7") << name;
    }
  }
}

TEST_F(SearcherTest, PrunesToTheCostOfTheFinalNetwork) {
  SearchOptions options = TinySearch();
  options.budget.operations_per_cell = PrunerOptions::kAnyNumber;
  options.max_mult_adds = 450e6;
  const auto search_space = *MakeSearchSpace("darts");
  const auto cost_of_search = [&](double exponent) {
    options.cost_exponent = exponent;
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    EXPECT_TRUE(genotype.ok()) << genotype.status();
    return NetworkCost(*search_space->Plan(kCifarNetwork), search_space->cell_types(), *genotype,
                       {32, 32})
        ->mult_adds;
  };
  const int64_t plain = cost_of_search(0), weighted = cost_of_search(20);
  EXPECT_LE(plain, 450e6);
  EXPECT_LE(weighted, 450e6);
  EXPECT_NE(plain, weighted);
  options.max_mult_adds = 1000;
  EXPECT_NE(Searcher::Create(options, images_.get())
                .status()
                .message()
                .find("--max_mult_adds=1000 is out of range: must be at least"),
            absl::string_view::npos);
}

TEST_F(SearcherTest, CountsScoringsAndEvaluationsInTheTimeLeft) {
  SearchOptions options = TinySearch();
  options.schedule = "linear";
  options.epochs = 4;
  options.milestones = {2, 4, 1};
  Recorder recorder;
  const auto genotype = Search(options, &recorder);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  ASSERT_EQ(recorder.steps.size(), 12u);
  const auto last_of = [&](const std::string& what) {
    const auto found = std::find_if(recorder.phases.rbegin(), recorder.phases.rend(),
                                    [&](const PhaseReport& phase) { return phase.what == what; });
    return found == recorder.phases.rend() ? PhaseReport() : *found;
  };
  const PhaseReport first = last_of("scoring 196 operations");
  const PhaseReport second = last_of("scoring 136 operations");
  EXPECT_EQ(first.epoch, 2);
  EXPECT_EQ(first.done, 197);  // one of them is the whole network
  EXPECT_EQ(first.parts, 197);
  ASSERT_GT(first.seconds, 0);
  ASSERT_GT(second.seconds, 0);
  // Two more to come, then one, in proportion to what is alive; while the first one runs, too.
  EXPECT_GT(first.seconds_left, first.seconds * (136 + 76) / 196);
  EXPECT_GT(recorder.steps[6].seconds_left, first.seconds * (136 + 76) / 196);
  EXPECT_GT(recorder.steps[9].seconds_left, second.seconds * 76 / 136);
  EXPECT_GT(last_of("evaluating the validation part").seconds, 0);
}

// What a criterion shares out in several rounds begins anew in each.
TEST_F(SearcherTest, CountsEachRoundOfAScoring) {
  SearchOptions options = TinySearch();
  options.epochs = options.warmup_epochs = 0;
  options.milestones = {0, 0, 1};
  options.criterion = "best_of_random:of=parameters+mult_adds,samples=6,keep=0.5";
  Recorder recorder;
  ASSERT_TRUE(Search(options, &recorder).ok());
  std::vector<std::pair<int64_t, int64_t>> counts;
  for (const PhaseReport& phase : recorder.phases) {
    const std::pair<int64_t, int64_t> count = {phase.done, phase.parts};
    if (phase.parts > 0 && (counts.empty() || counts.back() != count)) counts.push_back(count);
  }
  const std::vector<std::pair<int64_t, int64_t>> wanted = {
      {0, 6}, {1, 6}, {2, 6}, {3, 6}, {4, 6}, {5, 6}, {6, 6}, {0, 3}, {1, 3}, {2, 3}, {3, 3}};
  EXPECT_EQ(counts, wanted);
  // What was compared is reported, and the best is what the search ends with.
  ASSERT_EQ(recorder.epochs.size(), 1u);
  const SearchEpochReport& report = recorder.epochs[0];
  EXPECT_EQ(report.score_names, (std::vector<std::string>{"parameters", "mult_adds"}));
  ASSERT_EQ(report.scorings.size(), 1u);
  const std::vector<SampledArchitecture>& samples = report.scorings[0].samples;
  ASSERT_EQ(samples.size(), 6u);
  for (size_t i = 0; i < samples.size(); ++i) {
    ASSERT_EQ(samples[i].scores.size(), i < 3 ? 2u : 1u);
    if (i == 0) continue;
    EXPECT_LE(samples[i].scores.back(), samples[i - 1].scores[i < 3 ? 1 : 0]);
  }
  for (const CandidateId& id : report.living) EXPECT_TRUE(samples[0].architecture[id]);
}

TEST_F(SearcherTest, PassesTheObserversErrorOn) {
  Recorder recorder;
  recorder.fail_at = 5;
  EXPECT_EQ(Search(TinySearch(), &recorder).status(), absl::DataLossError("observer"));
  EXPECT_EQ(recorder.steps.size(), 5u);
}

TEST_F(SearcherTest, StopsAtALossThatIsNotFinite) {
  SearchOptions options = TinySearch();
  options.learning_rate = 1e30;
  Recorder recorder;
  const auto status = Search(options, &recorder).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("in epoch 1, step 2"), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("--learning_rate"), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace nap
