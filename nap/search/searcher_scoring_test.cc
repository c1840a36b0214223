// What a search asks its criterion, makes of the answers, and tells of both.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/genotype_json.h"
#include "nap/pruning/criterion.h"
#include "nap/search/searcher_for_tests.h"
#include "nap/search/tiny_search_for_tests.h"

namespace nap {
namespace {

using SearcherScoringTest = SearcherTest;

TEST_F(SearcherScoringTest, SaysWhatEverythingScoredThatLived) {
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

// Before the first epoch, one operation after the other; nothing is trained.
TEST_F(SearcherScoringTest, PrunesAnUntrainedNetwork) {
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
TEST_F(SearcherScoringTest, AskingTrainsNothing) {
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
TEST_F(SearcherScoringTest, DrawsArchitecturesAndScoresThem) {
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
TEST_F(SearcherScoringTest, EndsWithTheArchitectureThatWasChosen) {
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

// Where an earlier milestone leaves as many as the last one, too.
TEST_F(SearcherScoringTest, ChoosesAnArchitectureAtTheLastMilestoneAlone) {
  SearchOptions options = TinySearch();
  options.epochs = 7;
  options.milestones = {2, 7, 1};
  options.schedule = "cubic";
  options.criterion = "best_of_random:of=parameters,samples=4";
  std::set<std::string> genotypes;
  for (const double cost_exponent : {0., 1., 2.}) {
    options.cost_exponent = cost_exponent;
    Recorder recorder;
    const auto genotype = Search(options, &recorder);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    genotypes.insert(GenotypeToJson(*genotype));
    ASSERT_EQ(recorder.epochs.size(), 7u);
    for (int epoch = 0; epoch < 6; ++epoch) EXPECT_TRUE(recorder.epochs[epoch].pruned.empty());
    const SearchEpochReport& last = recorder.epochs[6];
    ASSERT_EQ(last.scorings.size(), 1u);
    ASSERT_FALSE(last.scorings[0].samples.empty());
    const LivingTable& best = last.scorings[0].samples[0].architecture;
    for (const CandidateId& id : last.living) EXPECT_TRUE(best[id]);
  }
  EXPECT_EQ(genotypes.size(), 1u);
}

TEST_F(SearcherScoringTest, CountsScoringsAndEvaluationsInTheTimeLeft) {
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
TEST_F(SearcherScoringTest, CountsEachRoundOfAScoring) {
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

}  // namespace
}  // namespace nap
