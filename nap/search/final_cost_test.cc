// A search's limits against the cost of the networks that it ends with.
#include "nap/search/final_cost.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/random.h"
#include "nap/model/derived_network.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"
#include "nap/search/candidate_space.h"

namespace nap {
namespace {

NumberTable RandomScores(const CandidateSpace& space, RandomStream* random) {
  NumberTable scores(space);
  for (int cell = 0; cell < 2; ++cell) {
    for (double& score : scores.Values(cell)) score = random->Uniform();
  }
  return scores;
}

// Prunes at random in `milestones` steps.
Genotype Prune(const Pruner& pruner, const CandidateSpace& space, int milestones,
               RandomStream* random) {
  LivingTable living(space, true);
  for (int milestone = 1; milestone <= milestones; ++milestone) {
    const double progress = static_cast<double>(milestone) / milestones;
    EXPECT_TRUE(pruner.Prune(RandomScores(space, random), progress, &living).ok());
  }
  return GenotypeOf("darts", space, living);
}

class FinalCostTest : public testing::TestWithParam<FinalNetwork> {
 protected:
  FinalCostTest()
      : search_space_(*MakeSearchSpace("darts")),
        space_(*MakeCandidateSpace(*search_space_, {})),
        schedule_(*PruningScheduleRegistry::Global().Make("cubic")) {
    options_.final_network = GetParam();
    options_.budget.operations_per_cell = PrunerOptions::kAnyNumber;
  }

  absl::StatusOr<Pruner> MakePruner(std::vector<CostLimit> limits) {
    return Pruner::Create(space_, options_.budget, schedule_, std::move(limits));
  }

  std::vector<CostLimit> Limits(double parameters, double mult_adds) {
    options_.max_parameters = parameters;
    options_.max_mult_adds = mult_adds;
    return FindFinalCosts(options_, *search_space_, space_)->limits;
  }

  // Poolings and identities cost nothing: what remains then.
  static double Least(const CostLimit& limit) {
    double cost = limit.base;
    for (const auto& inputs : limit.inputs) cost += inputs[0] + inputs[1];
    return cost;
  }

  SearchOptions options_;
  const std::unique_ptr<SearchSpace> search_space_;
  const CandidateSpace space_;
  const PruningSchedule schedule_;
};

TEST_P(FinalCostTest, TheNetworkIsNeverLargerThanItsLimits) {
  RandomStream random({41, static_cast<uint64_t>(GetParam().image.height)});
  const NetworkPlan plan = *search_space_->Plan(options_.final_network.network);
  const std::vector<CostLimit> both = Limits(1, 1);
  ASSERT_EQ(both.size(), 2u);
  double closest = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<CostLimit> limits;
    for (int i = 0; i < 2; ++i) {
      if (round % 3 == i) continue;
      limits.push_back(both[i]);
      limits.back().limit = std::floor(Least(both[i]) * random.Uniform(1, 2.5));
    }
    options_.budget.operations_per_node = round % 2 == 0 ? 0 : 2;
    const auto pruner = MakePruner(limits);
    ASSERT_TRUE(pruner.ok()) << pruner.status();
    const Genotype genotype = Prune(*pruner, space_, 1 + round % 4, &random);
    // The second opinion is NetworkCost's, which knows nothing of the search. Now and then a third
    // one is the network itself.
    const Cost cost =
        *NetworkCost(plan, search_space_->cell_types(), genotype, options_.final_network.image);
    for (const CostLimit& limit : limits) {
      const auto reached =
          static_cast<double>(limit.flag == "max_parameters" ? cost.parameters : cost.mult_adds);
      ASSERT_LE(reached, limit.limit) << limit.flag;
      closest = std::max(closest, reached / limit.limit);
    }
    if (round % 200 != 0) continue;
    const auto network = DerivedNetwork::Create({genotype, options_.final_network.network});
    ASSERT_TRUE(network.ok()) << network.status();
    int64_t parameters = 0;
    for (const auto& parameter : (*network)->parameters()) parameters += parameter.numel();
    EXPECT_EQ(parameters, cost.parameters);
  }
  EXPECT_GT(closest, 0.99) << "limits are never made use of";
}

TEST_P(FinalCostTest, NamesTheSmallestThatCanBe) {
  const auto least = static_cast<int64_t>(Least(Limits(0, 1).front()));
  EXPECT_TRUE(MakePruner(Limits(0, static_cast<double>(least))).ok());
  const absl::Status status = MakePruner(Limits(0, static_cast<double>(least - 1))).status();
  EXPECT_NE(status.message().find(absl::StrCat("--max_mult_adds=", least - 1,
                                               " is out of range: must be at least ", least, ",")),
            absl::string_view::npos)
      << status;
}

// Of some device on which latencies have nothing to do with multiply-adds.
class FinalLatencyTest : public FinalCostTest {
 protected:
  FinalLatencyTest() : plan_(*search_space_->Plan(options_.final_network.network)) {
    RandomStream random({43});
    std::string text = absl::StrCat(kLatencyHeader, "\n");
    const auto rows = *LatencyRowsOf(plan_, space_, options_.final_network.image);
    for (const LatencyRow& row : rows) {
      absl::StrAppendFormat(&text, "%s,%.6f,\n", row.Text(),
                            random.Uniform(0, row.part == "sum" ? 1 : 10));
    }
    options_.latency =
        std::make_shared<const LatencyTable>(*LatencyTable::Parse(text, "latency.csv"));
  }

  std::vector<CostLimit> Limits(double milliseconds) {
    options_.max_latency_ms = milliseconds;
    return FindFinalCosts(options_, *search_space_, space_)->limits;
  }

  // Of the cheapest operation at each node, all inputs read.
  double Least(const CostLimit& limit) const {
    double cost = limit.base;
    for (int cell = 0; cell < 2; ++cell) {
      cost += limit.inputs[cell][0] + limit.inputs[cell][1];
      std::map<int, double> of_nodes;
      for (const CandidateId& id : LivingOperations(space_, LivingTable(space_, true), cell)) {
        const int node = space_.cell_types[cell].edges[id.edge].target;
        const auto [place, is_new] = of_nodes.try_emplace(node, limit.operations[id]);
        place->second = std::min(place->second, limit.operations[id]);
      }
      for (const auto& [node, least] : of_nodes) cost += least;
    }
    return cost;
  }

  const NetworkPlan plan_;
};

TEST_P(FinalLatencyTest, TheNetworkIsNeverSlowerThanItsLimit) {
  RandomStream random({44});
  CostLimit limit = Limits(1).front();
  double closest = 0;
  for (int round = 0; round < 300; ++round) {
    limit.limit = std::floor(Least(limit) * random.Uniform(1, 2));
    options_.budget.operations_per_node = round % 2 == 0 ? 0 : 2;
    const auto pruner = MakePruner({limit});
    ASSERT_TRUE(pruner.ok()) << pruner.status();
    const Genotype genotype = Prune(*pruner, space_, 1 + round % 4, &random);
    const double nanoseconds =
        1e6 * *NetworkLatency(plan_, search_space_->cell_types(), genotype,
                              options_.final_network.image, *options_.latency);
    ASSERT_LE(nanoseconds, limit.limit + 0.5);  // of whole ones, but for the way to milliseconds
    closest = std::max(closest, nanoseconds / limit.limit);
  }
  EXPECT_GT(closest, 0.99) << "limits are never made use of";
}

TEST_P(FinalLatencyTest, NamesTheSmallestThatCanBe) {
  const double least = Least(Limits(1).front());
  EXPECT_TRUE(MakePruner(Limits(least / 1e6)).ok());
  const absl::Status status = MakePruner(Limits((least - 1) / 1e6)).status();
  const std::string text = absl::StrFormat("must be at least %.6f", least / 1e6);
  EXPECT_NE(status.message().find(text.substr(0, text.find_last_not_of('0') + 1)),
            absl::string_view::npos)
      << status << " has no " << text;
}

TEST_P(FinalLatencyTest, IsWeighedIfItIsAskedFor) {
  const auto latencies =
      MakeLatencyModel(plan_, space_, options_.final_network.image, *options_.latency)
          ->CandidateCosts();
  const auto costs = MakeCostModel(plan_, space_, options_.final_network.image)->CandidateCosts();
  options_.cost_exponent = 1;
  const auto weighed = [&](CostKind cost) {
    options_.cost = cost;
    return FindFinalCosts(options_, *search_space_, space_)->weighed;
  };
  const NumberTable latency = weighed(CostKind::kLatency), mult_adds = weighed(CostKind::kMultAdds),
                    parameters = weighed(CostKind::kParameters);
  for (const CandidateId& id : LivingOperations(space_, LivingTable(space_, true))) {
    EXPECT_EQ(latency[id], static_cast<double>(latencies[id]));
    EXPECT_EQ(mult_adds[id], static_cast<double>(costs[id].mult_adds));
    EXPECT_EQ(parameters[id], static_cast<double>(costs[id].parameters));
  }
}

TEST_P(FinalLatencyTest, IsRefusedWithoutARow) {
  options_.latency = std::make_shared<const LatencyTable>(
      *LatencyTable::Parse(absl::StrCat(kLatencyHeader, "\n"), "latency.csv"));
  const absl::Status status = FindFinalCosts(options_, *search_space_, space_).status();
  EXPECT_EQ(status.message().find("latency.csv lacks "), 0u) << status;
}

INSTANTIATE_TEST_SUITE_P(Networks, FinalLatencyTest,
                         testing::Values(FinalNetwork{{16, 8, 3, 10}, {32, 32}},
                                         FinalNetwork{kImageNetNetwork, {224, 224}}));

INSTANTIATE_TEST_SUITE_P(Networks, FinalCostTest,
                         testing::Values(FinalNetwork{kCifarNetwork, {32, 32}},
                                         FinalNetwork{kImageNetNetwork, {224, 224}}));

}  // namespace
}  // namespace nap
