// The pruner's promises about costs, over many random tables.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/random.h"
#include "nap/pruning/pruner.h"

namespace nap {
namespace {

constexpr int kNodes = 4;

using Inputs = std::vector<std::vector<double>>;
const Inputs kFreeInputs(2, std::vector<double>(2));

CandidateSpace TwoCells(int operations) {
  CandidateSpace space{
      {CellTopology::Dense("normal", 2, kNodes, 1), CellTopology::Dense("reduce", 2, kNodes, 2)},
      {{"none", /*is_zero=*/true}}};
  for (int i = 1; i <= operations; ++i) space.operations.push_back({"op" + std::to_string(i)});
  return space;
}

PruningSchedule Schedule(const std::string& name) {
  return *PruningScheduleRegistry::Global().Make(name);
}

template <typename Draw>
NumberTable Table(const CandidateSpace& space, const Draw& draw) {
  NumberTable table(space);
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    for (double& value : table.Values(static_cast<int>(cell))) value = draw();
  }
  return table;
}

std::vector<CandidateId> All(const CandidateSpace& space, const LivingTable& living) {
  std::vector<CandidateId> all;
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    for (const auto& id : LivingOperations(space, living, static_cast<int>(cell)))
      all.push_back(id);
  }
  return all;
}

double CostOf(const CostLimit& limit, const std::vector<CandidateId>& operations) {
  double cost = limit.base;
  std::set<std::pair<int, int>> read;
  for (const CandidateId& id : operations) {
    cost += limit.operations[id];
    read.insert({id.cell_type, CellTopology::Dense("any", 2, kNodes, 1).edges[id.edge].source});
  }
  for (const auto& [cell, source] : read) {
    if (source < 2) cost += limit.inputs[cell][source];
  }
  return cost;
}

// With the cheapest operation at each node, found one node at a time, one of them a reader of the
// cell before, and every input.
double LeastCost(const CandidateSpace& space, const CostLimit& limit) {
  double cost = limit.base;
  for (const auto& inputs : limit.inputs) cost += inputs[0] + inputs[1];
  const std::vector<CandidateId> all = All(space, LivingTable(space, true));
  for (int cell = 0; cell < 2; ++cell) {
    double more_for_a_reader = 1e9;
    for (int node = 2; node < 2 + kNodes; ++node) {
      double least = 1e9, least_reader = 1e9;
      for (const CandidateId& id : all) {
        const Edge& edge = space.cell_types[cell].edges[id.edge];
        if (id.cell_type != cell || edge.target != node) continue;
        least = std::min(least, limit.operations[id]);
        if (edge.source == 1) least_reader = std::min(least_reader, limit.operations[id]);
      }
      cost += least;
      more_for_a_reader = std::min(more_for_a_reader, least_reader - least);
    }
    cost += more_for_a_reader;
  }
  return cost;
}

// Of the cell's last input.
int64_t NumReaders(const CandidateSpace& space, const std::vector<CandidateId>& operations,
                   int cell) {
  return std::count_if(operations.begin(), operations.end(), [&](const CandidateId& id) {
    return id.cell_type == cell && space.cell_types[cell].edges[id.edge].source == 1;
  });
}

// Integers, many of them equal and some zero, as the costs of operations are.
NumberTable RandomCosts(const CandidateSpace& space, RandomStream* random) {
  return Table(space, [&] { return static_cast<double>(random->Below(6) * random->Below(20)); });
}

Inputs RandomInputs(RandomStream* random) {
  Inputs inputs(2, std::vector<double>(2));
  for (auto& cell : inputs) {
    for (double& cost : cell) cost = static_cast<double>(random->Below(200));
  }
  return inputs;
}

TEST(CostLimitTest, IsMetOnRandomTablesWhateverElseIsAsked) {
  RandomStream random({31});
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const CandidateSpace space = TwoCells(1 + static_cast<int>(random.Below(7)));
    PrunerOptions options;
    options.operations_per_cell =
        random.Below(2) == 0 ? PrunerOptions::kAnyNumber : 4 + static_cast<int>(random.Below(5));
    options.operations_per_edge = 1 + static_cast<int>(random.Below(3));
    options.operations_per_node = random.Below(2) == 0 ? 0 : 2 + static_cast<int>(random.Below(3));
    std::vector<CostLimit> limits;
    for (int i = 0; i < 1 + round % 2; ++i) {
      CostLimit limit{"max_" + std::to_string(i), 0, static_cast<double>(random.Below(100)),
                      RandomInputs(&random), RandomCosts(space, &random)};
      const double least = LeastCost(space, limit);
      const double most = CostOf(limit, All(space, LivingTable(space, true)));
      // From the least that can be to more than is needed.
      limit.limit = std::max(1.0, least + static_cast<double>(random.Below(
                                              1 + static_cast<int64_t>((most - least) * 0.6))));
      limits.push_back(limit);
    }
    const auto names = PruningScheduleRegistry::Global().Names();
    const PruningSchedule schedule =
        Schedule(names[random.Below(static_cast<int64_t>(names.size()))]);
    const auto pruner = Pruner::Create(space, options, schedule, limits);
    if (!pruner.ok()) {
      // One limit can be met whatever it is; two that are unlike each other perhaps not.
      ASSERT_EQ(limits.size(), 2u) << pruner.status();
      ++refused;
      continue;
    }
    LivingTable living(space, true);
    const int milestones = 1 + static_cast<int>(random.Below(4));
    for (int milestone = 1; milestone <= milestones; ++milestone) {
      const LivingTable before = living;
      const double progress = static_cast<double>(milestone) / milestones;
      const NumberTable scores = Table(space, [&] { return random.Uniform(-1, 1); });
      ASSERT_TRUE(pruner->Prune(scores, progress, &living).ok());
      const std::vector<CandidateId> left = All(space, living);
      for (const CandidateId& id : left) ASSERT_TRUE(before[id]) << "came back";
      for (const CostLimit& limit : limits) {
        const double surplus = CostOf(limit, All(space, LivingTable(space, true))) - limit.limit;
        ASSERT_LE(CostOf(limit, left), limit.limit + schedule(progress) * std::max(0.0, surplus))
            << "round " << round << ", milestone " << milestone;
      }
      for (int cell = 0; cell < 2; ++cell) {
        std::vector<int> at_node(2 + kNodes);
        for (const CandidateId& id : left) {
          if (id.cell_type == cell) ++at_node[space.cell_types[cell].edges[id.edge].target];
        }
        ASSERT_GE(NumReaders(space, left, cell), 1);
        for (int node = 2; node < 2 + kNodes; ++node) {
          ASSERT_GE(at_node[node], 1);
          if (milestone == milestones && options.operations_per_node > 0) {
            ASSERT_LE(at_node[node], options.operations_per_node);
          }
        }
        if (milestone < milestones) continue;
        ASSERT_LE(LivingOperations(space, living, cell).size(),
                  static_cast<size_t>(options.operations_per_cell));
        for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
          const auto on_edge = LivingOperations(space, living, cell, edge);
          ASSERT_LE(static_cast<int>(on_edge.size()), options.operations_per_edge);
          const bool zero_lives = living[{cell, edge, 0}];
          ASSERT_EQ(zero_lives, !on_edge.empty());
        }
      }
    }
  }
  EXPECT_LT(refused, 1000);
  EXPECT_GT(refused, 0);
}

// Where edges may hold all, the weakest go, of all cell types together, and none too many.
TEST(CostLimitTest, RemovesTheWeakestUntilItFits) {
  RandomStream random({32});
  const CandidateSpace space = TwoCells(7);
  PrunerOptions options;
  options.operations_per_cell = PrunerOptions::kAnyNumber;
  options.operations_per_edge = 7;
  for (int round = 0; round < 300; ++round) {
    CostLimit limit{"max", 0, 50, RandomInputs(&random), RandomCosts(space, &random)};
    const double most = CostOf(limit, All(space, LivingTable(space, true)));
    limit.limit = 50 + (most - 50) * random.Uniform(0.3, 1);
    const auto pruner = Pruner::Create(space, options, Schedule("one_shot"), {limit});
    ASSERT_TRUE(pruner.ok()) << pruner.status();
    const NumberTable scores = Table(space, [&] { return random.Uniform(); });
    LivingTable living(space, true);
    const auto removed = pruner->Prune(scores, 1, &living);
    ASSERT_FALSE(removed->empty());
    std::vector<CandidateId> left = All(space, living);
    std::vector<int> at_node(2 * (2 + kNodes));
    const auto node = [&](const CandidateId& id) -> int& {
      return at_node[(2 + kNodes) * id.cell_type +
                     space.cell_types[id.cell_type].edges[id.edge].target];
    };
    for (const CandidateId& id : left) ++node(id);
    for (const CandidateId& other : left) {
      // Kept whatever its score.
      if (node(other) == 1) continue;
      if (space.cell_types[other.cell_type].edges[other.edge].source == 1 &&
          NumReaders(space, left, other.cell_type) == 1) {
        continue;
      }
      for (const CandidateId& id : *removed) {
        if (id.operation == 0) continue;
        ASSERT_LT(scores[id], scores[other]);
      }
    }
    const auto last = std::find_if(removed->rbegin(), removed->rend(),
                                   [](const CandidateId& id) { return id.operation != 0; });
    left.push_back(*last);
    EXPECT_GT(CostOf(limit, left), limit.limit) << "one more would have fitted";
  }
}

// Pruning by and by while edges hold more than they may in the end does not waste the budget: what
// has no place on its edge goes first.
TEST(CostLimitTest, UsesWhatItMayHave) {
  RandomStream random({33});
  const CandidateSpace space = TwoCells(5);
  PrunerOptions options;
  options.operations_per_cell = PrunerOptions::kAnyNumber;
  for (int round = 0; round < 300; ++round) {
    CostLimit limit{"max", 0, 0, kFreeInputs, Table(space, [&] { return 1.0 + random.Below(20); })};
    const NumberTable scores = Table(space, [&] { return random.Uniform(); });
    std::vector<CandidateId> strongest;  // on each edge
    double dearest = 0;
    for (int cell = 0; cell < 2; ++cell) {
      for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
        const auto on_edge = LivingOperations(space, LivingTable(space, true), cell, edge);
        strongest.push_back(*std::max_element(
            on_edge.begin(), on_edge.end(),
            [&](const CandidateId& a, const CandidateId& b) { return scores[a] < scores[b]; }));
        for (const CandidateId& id : on_edge) dearest = std::max(dearest, limit.operations[id]);
      }
    }
    const double room = CostOf(limit, strongest);
    limit.limit = std::max(LeastCost(space, limit), room * random.Uniform(0.5, 1.5));
    const auto pruner = Pruner::Create(space, options, Schedule("linear"), {limit});
    ASSERT_TRUE(pruner.ok()) << pruner.status();
    LivingTable living(space, true);
    for (int milestone = 1; milestone <= 5; ++milestone) {
      ASSERT_TRUE(pruner->Prune(scores, milestone / 5.0, &living).ok());
    }
    const double cost = CostOf(limit, All(space, living));
    if (limit.limit >= room) {
      EXPECT_EQ(cost, room);
    } else {
      EXPECT_GT(cost, limit.limit - dearest);
      EXPECT_LE(cost, limit.limit);
    }
  }
}

TEST(CostLimitTest, SaysWhatIsTheLeast) {
  const CandidateSpace space = TwoCells(2);
  PrunerOptions options;
  options.operations_per_cell = PrunerOptions::kAnyNumber;
  CostLimit limit{"max_mult_adds", 1e9 + 23, 1e9, kFreeInputs, NumberTable(space, 3.0)};
  EXPECT_EQ(Pruner::Create(space, options, Schedule("linear"), {limit}).status().message(),
            "--max_mult_adds=1000000023 is out of range: must be at least 1000000024, what remains "
            "with the cheapest operation at each node");
  limit.limit += 1;
  EXPECT_TRUE(Pruner::Create(space, options, Schedule("linear"), {limit}).ok());
  // A flag in larger units.
  const CostLimit in_millions{
      "max_latency_ms", 1.5e6, 1e6, kFreeInputs, NumberTable(space, 100300.0),
      /*decimals=*/6};
  EXPECT_EQ(Pruner::Create(space, options, Schedule("linear"), {in_millions}).status().message(),
            "--max_latency_ms=1.5 is out of range: must be at least 1.8024, what remains with the "
            "cheapest operation at each node");
  // Two that each could be met, by different operations.
  CostLimit first{"max_parameters", 10, 0, kFreeInputs, NumberTable(space)},
      second{"max_mult_adds", 10, 0, kFreeInputs, first.operations};
  for (int cell = 0; cell < 2; ++cell) {
    for (int edge = 0; edge < 14; ++edge) {
      first.operations[{cell, edge, 1}] = 2;
      second.operations[{cell, edge, 2}] = 2;
    }
  }
  EXPECT_EQ(Pruner::Create(space, options, Schedule("linear"), {first, second}).status().message(),
            "--max_parameters=10 and --max_mult_adds=10 cannot be met together");
  // Without a limit there must be a count.
  EXPECT_FALSE(Pruner::Create(space, options, Schedule("linear")).ok());
  // A count that cannot be is refused with a limit too.
  options.operations_per_cell = 15;
  EXPECT_FALSE(Pruner::Create(space, options, Schedule("linear"), {limit}).ok());
}

}  // namespace
}  // namespace nap
