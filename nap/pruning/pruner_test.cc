// The pruner's promises, over many random score tables.
#include "nap/pruning/pruner.h"

#include <absl/status/status.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

#include "nap/base/random.h"

namespace nap {
namespace {

CandidateSpace DartsLikeSpace(int operations) {
  CandidateSpace space{
      {CellTopology::Dense("normal", 2, 4, 1), CellTopology::Dense("reduce", 2, 4, 2)}, {}};
  for (int i = 0; i < operations; ++i) {
    space.operations.push_back({"op" + std::to_string(i), /*is_zero=*/i == 0});
  }
  return space;
}

PruningSchedule Schedule(const std::string& name) {
  return *PruningScheduleRegistry::Global().Make(name);
}

// Scores drawn from a few values when `ties`, so that there are many equal ones.
NumberTable RandomScores(const CandidateSpace& space, bool ties, RandomStream* random) {
  NumberTable scores(space);
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    for (double& score : scores.Values(cell)) {
      score = ties ? static_cast<double>(random->Below(4)) : random->Uniform(-1, 1);
    }
  }
  return scores;
}

bool SameLiving(const CandidateSpace& space, const LivingTable& a, const LivingTable& b) {
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    if (a.Values(cell) != b.Values(cell)) return false;
  }
  return true;
}

TEST(PrunerTest, KeepsItsPromisesOnRandomTables) {
  RandomStream random({17});
  for (int round = 0; round < 1500; ++round) {
    const CandidateSpace space = DartsLikeSpace(2 + static_cast<int>(random.Below(7)));
    const int ranked = space.NumOperations() - 1;
    PrunerOptions options;
    options.operations_per_edge = 1 + static_cast<int>(random.Below(3));
    options.operations_per_node = static_cast<int>(random.Below(5));
    int most = 0;
    for (int edges = 2; edges <= 5; ++edges) {
      const int fits = edges * std::min(options.operations_per_edge, ranked);
      most += options.operations_per_node == 0 ? fits : std::min(fits, options.operations_per_node);
    }
    options.operations_per_cell = 4 + static_cast<int>(random.Below(most - 4 + 1));
    const auto names = PruningScheduleRegistry::Global().Names();
    const PruningSchedule schedule =
        Schedule(names[random.Below(static_cast<int64_t>(names.size()))]);
    const auto pruner = Pruner::Create(space, options, schedule);
    ASSERT_TRUE(pruner.ok()) << pruner.status();

    LivingTable living(space, true);
    const int milestones = 1 + static_cast<int>(random.Below(5));
    for (int milestone = 1; milestone <= milestones; ++milestone) {
      const LivingTable before = living;
      const NumberTable scores = RandomScores(space, random.Below(2) == 0, &random);
      const double progress = static_cast<double>(milestone) / milestones;
      LivingTable again = living;
      const auto removed = pruner->Prune(scores, progress, &living);
      ASSERT_TRUE(removed.ok()) << removed.status();

      // The same every time.
      ASSERT_EQ(*pruner->Prune(scores, progress, &again), *removed);
      ASSERT_TRUE(SameLiving(space, living, again));

      // Step by step, by new scores each time, it comes to as many.
      ASSERT_TRUE(pruner->IsMet(progress, living));
      if (round % 10 == 0) {
        LivingTable left = before;
        const int64_t step = 1 + random.Below(20);
        while (!pruner->IsMet(progress, left)) {
          const auto some =
              pruner->Prune(RandomScores(space, false, &random), progress, &left, step);
          ASSERT_TRUE(some.ok()) << some.status();
          const int64_t count = std::count_if(
              some->begin(), some->end(), [](const CandidateId& id) { return id.operation != 0; });
          ASSERT_GE(count, 1);
          ASSERT_LE(count, step);
        }
        for (int cell = 0; cell < 2; ++cell) {
          ASSERT_EQ(LivingOperations(space, left, cell).size(),
                    LivingOperations(space, living, cell).size());
        }
      }

      const std::set<CandidateId> gone(removed->begin(), removed->end());
      ASSERT_EQ(gone.size(), removed->size());
      for (int cell = 0; cell < 2; ++cell) {
        const int keep =
            OperationsToKeep(schedule, progress, 14 * ranked, options.operations_per_cell);
        const auto left = LivingOperations(space, living, cell);
        ASSERT_EQ(static_cast<int>(left.size()), keep);
        std::vector<int> at_node(6);
        int readers = 0;  // of the last input
        for (const CandidateId& id : left) {
          const Edge& edge = space.cell_types[cell].edges[id.edge];
          ++at_node[edge.target];
          if (edge.source == 1) ++readers;
        }
        ASSERT_GE(readers, 1);
        for (int node = 2; node < 6; ++node) {
          ASSERT_GE(at_node[node], 1);
          if (milestone == milestones && options.operations_per_node > 0) {
            ASSERT_LE(at_node[node], options.operations_per_node);
          }
        }
        for (int edge = 0; edge < 14; ++edge) {
          const auto on_edge = LivingOperations(space, living, cell, edge);
          if (milestone == milestones) {
            ASSERT_LE(static_cast<int>(on_edge.size()), options.operations_per_edge);
          }
          const bool zero_lives = living[{cell, edge, 0}];
          ASSERT_EQ(zero_lives, !on_edge.empty());
          for (int operation = 0; operation < space.NumOperations(); ++operation) {
            const CandidateId id{cell, edge, operation};
            // What was dead stays dead, and what was removed is what is now dead.
            ASSERT_TRUE(before[id] || !living[id]);
            ASSERT_EQ(gone.count(id) == 1, before[id] && !living[id]);
          }
        }
      }
    }
  }
}

// Where no promise stands in the way, exactly the weakest go.
TEST(PrunerTest, RemovesTheWeakestOverTheWholeCell) {
  RandomStream random({18});
  const CandidateSpace space = DartsLikeSpace(8);
  const auto pruner = Pruner::Create(space, {}, [](double) { return 0.5; });
  for (int round = 0; round < 200; ++round) {
    const NumberTable scores = RandomScores(space, false, &random);
    LivingTable living(space, true);
    ASSERT_TRUE(pruner->Prune(scores, 1, &living).ok());
    for (int cell = 0; cell < 2; ++cell) {
      double strongest_removed = -2, weakest_kept = 2;
      for (int edge = 0; edge < 14; ++edge) {
        for (int operation = 1; operation < 8; ++operation) {
          const CandidateId id{cell, edge, operation};
          if (living[id]) {
            weakest_kept = std::min(weakest_kept, scores[id]);
          } else {
            strongest_removed = std::max(strongest_removed, scores[id]);
          }
        }
      }
      EXPECT_LT(strongest_removed, weakest_kept);
    }
  }
}

// However little is allowed, and however weak what reads it is.
TEST(PrunerTest, KeepsAReaderOfTheCellBefore) {
  RandomStream random({19});
  const CandidateSpace space = DartsLikeSpace(4);
  for (int round = 0; round < 200; ++round) {
    const int per_node = static_cast<int>(random.Below(2));
    const int most = per_node == 0 ? 14 : 4 * per_node;
    const auto pruner = Pruner::Create(
        space, {4 + static_cast<int>(random.Below(most - 3)), 1, per_node}, Schedule("linear"));
    ASSERT_TRUE(pruner.ok()) << pruner.status();
    NumberTable scores = RandomScores(space, false, &random);
    std::vector<double> strongest(2, -3);
    std::vector<CandidateId> readers(2);
    for (int cell = 0; cell < 2; ++cell) {
      for (int edge = 0; edge < 14; ++edge) {
        if (space.cell_types[cell].edges[edge].source != 1) continue;
        for (int operation = 1; operation < 4; ++operation) {
          const CandidateId id{cell, edge, operation};
          scores[id] -= 2;
          if (scores[id] > strongest[cell]) readers[cell] = id;
          strongest[cell] = std::max(strongest[cell], scores[id]);
        }
      }
    }
    LivingTable living(space, true);
    for (int milestone = 1; milestone <= 3; ++milestone) {
      ASSERT_TRUE(pruner->Prune(scores, milestone / 3.0, &living).ok());
      for (const CandidateId& id : readers) ASSERT_TRUE(living[id]);
    }
  }
}

// Zero operations go with the last one of their edge, as in Prune.
TEST(PrunerTest, KeepsAnArchitecture) {
  RandomStream random({20});
  const CandidateSpace space = DartsLikeSpace(4);
  const auto pruner = Pruner::Create(space, {}, Schedule("linear"));
  for (int round = 0; round < 50; ++round) {
    LivingTable architecture(space, true);
    ASSERT_TRUE(pruner->Prune(RandomScores(space, false, &random), 1, &architecture).ok());
    const NumberTable scores = RandomScores(space, false, &random);
    LivingTable living(space, true);
    const std::vector<CandidateId> removed = pruner->Keep(architecture, scores, &living);
    EXPECT_EQ(living, architecture);
    EXPECT_TRUE(pruner->IsMet(1, living));
    size_t kept = 0;
    architecture.ForEach([&](bool lives) { kept += lives ? 1 : 0; });
    EXPECT_EQ(removed.size() + kept, 2u * 14 * 4);
    double last = -2;
    for (const CandidateId& id : removed) {
      EXPECT_FALSE(architecture[id]);
      if (space.operations[id.operation].is_zero) continue;
      EXPECT_GE(scores[id], last);
      last = scores[id];
    }
  }
}

TEST(PrunerTest, AmongEqualsKeepsTheFirst) {
  CandidateSpace space{{CellTopology::Dense("cell", 1, 2, 1)}, {{"a"}, {"b"}}};
  const auto pruner = Pruner::Create(space, {2, 1}, Schedule("linear"));
  LivingTable living(space, true);
  const auto removed = pruner->Prune(NumberTable(space, 1.0), 1, &living);
  // Edges 0 -> 1, 0 -> 2, 1 -> 2: from the last to the first, but for the nodes' last inputs.
  EXPECT_EQ(*removed, (std::vector<CandidateId>{{0, 2, 1}, {0, 2, 0}, {0, 1, 1}, {0, 0, 1}}));
}

TEST(PrunerTest, RefusesAScoreThatIsNotFinite) {
  const CandidateSpace space = DartsLikeSpace(3);
  const auto pruner = Pruner::Create(space, {}, Schedule("linear"));
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    NumberTable scores(space);
    scores[{1, 3, 2}] = bad;
    LivingTable living(space, true);
    const auto removed = pruner->Prune(scores, 1, &living);
    EXPECT_EQ(removed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(removed.status().message().find("op2 on edge 3 of the reduce cell"),
              absl::string_view::npos)
        << removed.status();
    EXPECT_TRUE(SameLiving(space, living, LivingTable(space, true)));
    // A zero operation's score is nobody's business.
    NumberTable zero(space);
    zero[{0, 0, 0}] = bad;
    EXPECT_TRUE(pruner->Prune(zero, 1, &living).ok());
  }
}

TEST(PrunerTest, RefusesABudgetThatCannotBeMet) {
  const CandidateSpace space = DartsLikeSpace(3);
  EXPECT_FALSE(Pruner::Create(space, {3, 1}, Schedule("linear")).ok());
  EXPECT_TRUE(Pruner::Create(space, {4, 1}, Schedule("linear")).ok());
  EXPECT_TRUE(Pruner::Create(space, {14, 1}, Schedule("linear")).ok());
  EXPECT_FALSE(Pruner::Create(space, {15, 1}, Schedule("linear")).ok());
  EXPECT_TRUE(Pruner::Create(space, {28, 2}, Schedule("linear")).ok());
  EXPECT_FALSE(Pruner::Create(space, {29, 3}, Schedule("linear")).ok());
  EXPECT_FALSE(Pruner::Create(space, {8, 0}, Schedule("linear")).ok());
  EXPECT_TRUE(Pruner::Create(space, {8, 1, 2}, Schedule("linear")).ok());
  EXPECT_FALSE(Pruner::Create(space, {9, 1, 2}, Schedule("linear")).ok());
  EXPECT_FALSE(Pruner::Create(space, {8, 1, -1}, Schedule("linear")).ok());
}

TEST(ScheduleTest, FallsFromAllToTheBudget) {
  for (const std::string& name : PruningScheduleRegistry::Global().Names()) {
    int last = 98;
    EXPECT_EQ(OperationsToKeep(Schedule(name), 0, 98, 8), 98) << name;
    for (int i = 0; i <= 100; ++i) {
      const int keep = OperationsToKeep(Schedule(name), i / 100.0, 98, 8);
      EXPECT_LE(keep, last) << name;
      last = keep;
    }
    EXPECT_EQ(last, 8) << name;
  }
}

TEST(ScheduleTest, HasTheShapeOfItsName) {
  EXPECT_EQ(OperationsToKeep(Schedule("cubic"), 0.5, 98, 8), 8 + 11);  // 90 / 8, rounded
  EXPECT_EQ(OperationsToKeep(Schedule("linear"), 0.5, 98, 8), 8 + 45);
  EXPECT_EQ(OperationsToKeep(Schedule("one_shot"), 0.99, 98, 8), 98);
}

}  // namespace
}  // namespace nap
