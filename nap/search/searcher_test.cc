#include "nap/search/searcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/model/network_cost.h"
#include "nap/pruning/criterion.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/runtime/memory.h"
#include "nap/search/optimization.h"
#include "nap/search/searcher_for_tests.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

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
  SearchOptions quick = TinySearch();
  quick.criterion = "magnitude";
  for (const std::string& name : RelaxationRegistry::Global().Names()) {
    SearchOptions options = quick;
    options.relaxation = name;
    expect_runs(options, name);
  }
  for (const std::string& name : PruningCriterionRegistry::Global().Names()) {
    SearchOptions options = TinySearch();
    options.criterion = QuickCriterion(name);
    expect_runs(options, name);
  }
  for (const std::string& name : PruningScheduleRegistry::Global().Names()) {
    SearchOptions options = quick;
    options.schedule = name;
    expect_runs(options, name);
  }
  for (const std::string& name : StrengthLossRegistry::Global().Names()) {
    SearchOptions options = quick;
    options.strength_loss = name;
    expect_runs(options, name);
  }
  for (const std::string& name : OptimizationRegistry::Global().Names()) {
    SearchOptions options = quick;
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
  options.criterion = "magnitude";
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
    options.criterion = "magnitude";
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    EXPECT_TRUE(genotype.ok()) << genotype.status();
    return recorder.epochs[0].train_loss;
  };
  const double fused = first_loss("fused");
  EXPECT_EQ(first_loss("fused:recompute=1"), fused);
  EXPECT_NEAR(first_loss("reference"), fused, 0.02 * fused);
  EXPECT_NEAR(first_loss("grouped"), fused, 0.02 * fused);
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
