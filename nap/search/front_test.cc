// Several networks of one search: SearchOptions::points.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/model/network_cost.h"
#include "nap/search/candidate_space.h"
#include "nap/search/search_parts.h"
#include "nap/search/searcher.h"
#include "nap/search/supernet_trainer.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/search/track_budget.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

class Recorder final : public SearchObserver {
 public:
  void OnPhase(const PhaseReport& report) override {
    if (phases.empty() || phases.back() != report.what) phases.push_back(report.what);
  }
  absl::Status OnStep(const SearchStepReport&) override { return absl::OkStatus(); }
  absl::Status OnPruning(const PruningReport& report) override {
    prunings.push_back(report);
    return absl::OkStatus();
  }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    epochs.push_back(report);
    return absl::OkStatus();
  }

  std::vector<std::string> phases;
  std::vector<PruningReport> prunings;
  std::vector<SearchEpochReport> epochs;
};

struct Searched {
  Genotype genotype;
  std::vector<FrontPoint> front;
  std::vector<PruningReport> prunings;
  std::vector<SearchEpochReport> epochs;
  std::vector<std::string> phases;
  Checkpoint checkpoint;
};

// Why everything went, exactly.
std::vector<double> Reasons(const std::vector<PruningReport>& prunings, int track) {
  std::vector<double> numbers;
  for (const PruningReport& pruning : prunings) {
    if (pruning.track != track) continue;
    for (const Removal& removal : pruning.removed) {
      for (const double number :
           {1.0 * removal.id.cell_type, 1.0 * removal.id.edge, 1.0 * removal.id.operation,
            removal.score, removal.next, 1.0 * removal.scoring}) {
        numbers.push_back(number);
      }
    }
  }
  return numbers;
}

class FrontTest : public testing::Test {
 protected:
  Searched Search(const SearchOptions& options) {
    const auto searcher = Searcher::Create(options, images_.get());
    EXPECT_TRUE(searcher.ok()) << searcher.status();
    Recorder recorder;
    const auto genotype = (*searcher)->Run(&recorder);
    EXPECT_TRUE(genotype.ok()) << genotype.status();
    return {*genotype,       (*searcher)->Front(), recorder.prunings,
            recorder.epochs, recorder.phases,      (*searcher)->Save()};
  }

  std::string Refusal(const SearchOptions& options) {
    return std::string(Searcher::Create(options, images_.get()).status().message());
  }

  std::unique_ptr<Dataset> images_ = TinyImages(64);
};

SearchOptions Untrained(const std::string& criterion) {
  SearchOptions options = TinySearch();
  options.epochs = options.warmup_epochs = 0;
  options.milestones = {0, 0, 1};
  options.criterion = criterion;
  options.points = 4;
  options.front_score = "activation_kernel:images=8";
  return options;
}

double MultAdds(const SearchOptions& options, const Genotype& genotype) {
  const auto space = *MakeSearchSpace(options.search_space);
  const FinalNetwork& network = options.final_network;
  return static_cast<double>(
      NetworkCost(*space->Plan(network.network), space->cell_types(), genotype, network.image)
          ->mult_adds);
}

// Each point is the search with its limit, alone.
TEST_F(FrontTest, AnUntrainedFrontIsItsSearchesToTheBit) {
  for (const char* criterion :
       {"activation_kernel:images=8,initialisations=1,removals=60,cells=3",
        "expected_score:score=activation_kernel:images=8,samples=3,removals=60",
        "best_of_random:of=activation_kernel:images=8,samples=3",
        "rank_sum:of=expected_score:score=activation_kernel:images=8/samples=2/removals=90+"
        "parameters"}) {
    SCOPED_TRACE(criterion);
    const SearchOptions options = Untrained(criterion);
    const Searched front = Search(options);
    ASSERT_EQ(front.front.size(), 4u);
    EXPECT_EQ(front.front[0].limit, 0);
    for (int point = 0; point < 4; ++point) {
      SCOPED_TRACE(point);
      SearchOptions alone = options;
      alone.points = 1;
      alone.budget.operations_per_cell = 8;
      alone.max_mult_adds = front.front[point].limit;
      const Searched single = Search(alone);
      EXPECT_TRUE(single.front.empty());
      EXPECT_EQ(front.front[point].genotype, single.genotype);
      EXPECT_EQ(Reasons(front.prunings, point), Reasons(single.prunings, 0));
      EXPECT_TRUE(std::isfinite(front.front[point].quality));
      if (point > 0) {
        EXPECT_LE(MultAdds(options, single.genotype), front.front[point].limit);
        continue;
      }
      // What is told of the search is its own.
      EXPECT_EQ(front.genotype, single.genotype);
      ASSERT_EQ(front.epochs.size(), 1u);
      EXPECT_EQ(front.epochs[0].living, single.epochs[0].living);
      EXPECT_EQ(front.epochs[0].pruned, single.epochs[0].pruned);
      EXPECT_EQ(front.epochs[0].scorings.size(), single.epochs[0].scorings.size());
    }
  }
}

// As long as points are alike, nothing is scored twice.
TEST_F(FrontTest, PointsShareTheirFirstScorings) {
  const Searched front =
      Search(Untrained("activation_kernel:images=8,initialisations=1,removals=60,cells=3"));
  const auto scorings = [&](const std::string& begin) {
    return std::count_if(front.phases.begin(), front.phases.end(), [&](const std::string& phase) {
      return phase.compare(0, begin.size(), begin) == 0;
    });
  };
  EXPECT_EQ(scorings("scoring 196 operations of point 1 of 4"), 1);
  EXPECT_EQ(scorings("scoring 196 "), 1);
  EXPECT_EQ(scorings("scoring the points of the front"), 1);
  EXPECT_GT(scorings("scoring "), 4);
}

TEST_F(FrontTest, LimitsDivideWhatLiesBetweenTheCheapestAndTheDearest) {
  SearchOptions options = Untrained("parameters");
  options.points = 5;
  const auto search_space = *MakeSearchSpace("darts");
  const CandidateSpace space = *MakeCandidateSpace(*search_space, {});
  const PruningSchedule schedule = *PruningScheduleRegistry::Global().Make("cubic");
  options.budget.operations_per_cell = 8;
  const auto limits = [&] {
    const auto budgets = MakeTrackBudgets(options, *search_space, space, schedule);
    std::vector<double> found;
    for (const TrackBudget& budget : *budgets) found.push_back(budget.limit);
    return found;
  };
  // The second opinion is of whole networks: poolings on every first edge of a node, whose reads
  // are of one input, and 5 x 5 convolutions, the dearest, on the eight edges of most inputs.
  const auto cell = [](const char* name, const char* operation, const std::vector<int>& sources) {
    CellGenotype made{name, {{}, {}, {}, {}}, {2, 3, 4, 5}};
    const int targets[] = {2, 2, 3, 3, 4, 4, 5, 5};
    for (size_t i = 0; i < sources.size(); ++i) {
      made.nodes[targets[sources.size() == 4 ? 2 * i : i] - 2].push_back({operation, sources[i]});
    }
    return made;
  };
  const auto cost = [&](const char* operation, const std::vector<int>& sources) {
    return MultAdds(
        options,
        {"darts", {cell("normal", operation, sources), cell("reduce", operation, sources)}});
  };
  const double least = cost("max_pool_3x3", {0, 1, 0, 1});
  const double most = cost("sep_conv_5x5", {0, 1, 0, 1, 0, 1, 0, 1});
  EXPECT_EQ(limits(), (std::vector<double>{0, std::floor(least + (most - least) * 4 / 5),
                                           std::floor(least + (most - least) * 3 / 5),
                                           std::floor(least + (most - least) * 2 / 5),
                                           std::floor(least + (most - least) * 1 / 5)}));
  // With a limit of its own the search divides what lies below that.
  options.max_mult_adds = 600e6;
  EXPECT_EQ(limits(), (std::vector<double>{600e6, std::floor(least + (600e6 - least) * 4 / 5),
                                           std::floor(least + (600e6 - least) * 3 / 5),
                                           std::floor(least + (600e6 - least) * 2 / 5),
                                           std::floor(least + (600e6 - least) * 1 / 5)}));
}

TEST_F(FrontTest, ATrainedSupernetKeepsWhatAnyPointWants) {
  SearchOptions options = TinySearch();
  options.relaxation = "softmax";  // what is masked out must not count in its sums
  options.criterion = "magnitude";
  options.points = 3;
  options.front = CostKind::kParameters;
  options.evaluation_images = 0;
  const Searched front = Search(options);
  ASSERT_EQ(front.front.size(), 3u);
  EXPECT_EQ(front.front[0].genotype, front.genotype);
  const SearchEpochReport& last = front.epochs.back();
  ASSERT_EQ(last.tracks_alive.size(), 3u);
  EXPECT_EQ(last.tracks_alive[0], 16);
  EXPECT_EQ(front.epochs[0].tracks_alive, (std::vector<int>{196, 196, 196}));
  EXPECT_EQ(front.epochs[0].supernet_alive, 196);

  const SearchParts parts = *MakeSearchParts(options, images_.get());
  const auto lives = [&](const Genotype& genotype, const CandidateId& id) {
    const CellTopology& topology = parts.space.cell_types[id.cell_type];
    const Edge& edge = topology.edges[id.edge];
    const auto& node = genotype.cells[id.cell_type].nodes[edge.target - topology.FirstNode()];
    return std::find(node.begin(), node.end(),
                     GenotypeInput{parts.space.operations[id.operation].name, edge.source}) !=
           node.end();
  };
  const std::vector<CandidateId> all =
      LivingOperations(parts.space, LivingTable(parts.space, true));
  std::vector<CandidateId> wanted, gone;
  for (const CandidateId& id : all) {
    const bool any =
        std::any_of(front.front.begin(), front.front.end(),
                    [&](const FrontPoint& point) { return lives(point.genotype, id); });
    (any ? wanted : gone).push_back(id);
  }
  EXPECT_EQ(last.supernet_alive, static_cast<int>(wanted.size()));
  EXPECT_GT(wanted.size(), 16u);
  // A zero operation goes with its edge.
  for (int cell = 0; cell < parts.space.NumCellTypes(); ++cell) {
    for (int edge = 0; edge < parts.space.NumEdges(cell); ++edge) {
      for (int operation = 0; operation < parts.space.NumOperations(); ++operation) {
        const bool empty = std::none_of(wanted.begin(), wanted.end(), [&](const CandidateId& id) {
          return id.cell_type == cell && id.edge == edge;
        });
        if (parts.space.operations[operation].is_zero && empty) {
          gone.push_back({cell, edge, operation});
        }
      }
    }
  }
  // The same weights, with everything else really gone, are as good.
  for (const FrontPoint& point : front.front) {
    SupernetTrainer trainer(parts.options, parts.plan, parts.space, parts.relaxation,
                            parts.strength_loss);
    trainer.Prune(gone);
    ASSERT_TRUE(trainer.Load(front.checkpoint).ok());
    LivingTable left = trainer.living();
    std::vector<CandidateId> others;
    for (const CandidateId& id : wanted) {
      if (!lives(point.genotype, id)) left[id] = false;
      if (!lives(point.genotype, id)) others.push_back(id);
    }
    for (int cell = 0; cell < parts.space.NumCellTypes(); ++cell) {
      for (int edge = 0; edge < parts.space.NumEdges(cell); ++edge) {
        for (int operation = 0; operation < parts.space.NumOperations(); ++operation) {
          const CandidateId id{cell, edge, operation};
          if (parts.space.operations[operation].is_zero && trainer.living()[id] &&
              LivingOperations(parts.space, left, cell, edge).empty()) {
            others.push_back(id);
          }
        }
      }
    }
    trainer.Prune(others);
    Loader loader(images_.get(), EvaluationPart(parts),
                  LoadingOf(parts, /*train=*/false, kValidStream));
    loader.StartEpoch(0);
    ClassificationMeter meter;
    for (Batch batch; loader.Next(&batch);) meter.Add(trainer.Evaluate(batch), batch.labels);
    EXPECT_EQ(point.quality, meter.accuracy());
  }
}

TEST_F(FrontTest, RefusesWhatMakesNoFront) {
  SearchOptions options = Untrained("parameters");
  options.points = 21;
  EXPECT_EQ(Refusal(options), "--points=21 is out of range: must be from 1 to 20");
  options.points = 3;
  options.front = CostKind::kLatency;
  EXPECT_EQ(Refusal(options),
            "--pareto=latency needs --latency_table, which `bazel run //tools:measure_latency` "
            "makes");
  options.front = CostKind::kMultAdds;
  options.operations = {"none", "max_pool_3x3"};
  EXPECT_EQ(Refusal(options).find("--points=3 finds no place: the networks of this search have a "
                                  "--max_mult_adds from "),
            0u)
      << Refusal(options);
  options.operations.clear();
  options.front_score = "nothing";
  EXPECT_EQ(Refusal(options).find("unknown score 'nothing'"), 0u) << Refusal(options);
}

}  // namespace
}  // namespace nap
