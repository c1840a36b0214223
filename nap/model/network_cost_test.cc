#include "nap/model/network_cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/random.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

absl::StatusOr<Cost> CostOf(const absl::StatusOr<Genotype>& genotype, const NetworkOptions& network,
                            int64_t image_size) {
  EXPECT_TRUE(genotype.ok()) << genotype.status();
  const auto space = *MakeSearchSpace(genotype->search_space);
  return NetworkCost(*space->Plan(network), space->cell_types(), *genotype,
                     {image_size, image_size});
}

TEST(NetworkCostTest, GivesThePublishedSizes) {
  const auto v1 = FindGenotype("DARTS_V1"), v2 = FindGenotype("DARTS_V2");
  EXPECT_EQ(*CostOf(v1, kCifarNetwork, 32), (Cost{3169414, 500987520}));
  EXPECT_EQ(*CostOf(v2, kCifarNetwork, 32), (Cost{3349342, 528359040}));
  EXPECT_EQ(*CostOf(v1, kImageNetNetwork, 224), (Cost{4510432, 505864704}));
  EXPECT_EQ(*CostOf(v2, kImageNetNetwork, 224), (Cost{4718752, 529911552}));
}

// The sizes of the tables' networks. Without parameters in the cells what is left is stem, residual
// blocks, norm and classifier; each 3 x 3 of an edge adds 5 of 16, 32 and 64 channels.
TEST(NetworkCostTest, GivesThePublishedSizesOfNasBench201) {
  const NetworkOptions network = {16, 15, 3, 10};
  const auto cost = [&](const std::string& cell) {
    return *CostOf(FindGenotype(cell), network, 32);
  };
  const Cost skips = cost(
      "|skip_connect~0|+|skip_connect~0|avg_pool_3x3~1|+|skip_connect~0|none~1|skip_connect~2|");
  const int64_t stem = 27 * 16, block = 9 * 16 * 32 + 9 * 32 * 32 + 16 * 32;
  EXPECT_EQ(skips, (Cost{(stem + 32) + (block + 4 * 32) + (4 * block + 4 * 64) + 128 + 650,
                         stem * 32 * 32 + block * 16 * 16 + 4 * block * 8 * 8 + 640}));
  EXPECT_EQ(skips, (Cost{73306, 7783040}));
  EXPECT_EQ(cost("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|"
                 "nor_conv_3x3~2|"),
            (Cost{1531546, 220119680}));
  const Cost one = cost(
      "|nor_conv_1x1~0|+|skip_connect~0|avg_pool_3x3~1|+|skip_connect~0|none~1|skip_connect~2|");
  const int64_t pointwise = 16 * 16 + 32 * 32 + 64 * 64;
  EXPECT_EQ(one.parameters, skips.parameters + 5 * (pointwise + 2 * (16 + 32 + 64)));
  EXPECT_EQ(one.mult_adds, skips.mult_adds + 5 * 3 * 16 * 16 * 32 * 32);
}

// Small enough for pencil and paper: 3 cells, 2 channels, one operation a node, input 0 not read.
TEST(NetworkCostTest, LeavesOutAnInputThatIsNotRead) {
  CellGenotype cell{
      "normal",
      {{{"skip_connect", 1}}, {{"skip_connect", 2}}, {{"skip_connect", 2}}, {{"skip_connect", 2}}},
      {2, 3, 4, 5}};
  CellGenotype reduce = cell;
  reduce.name = "reduce";
  const auto space = *MakeSearchSpace("darts");
  const auto cost = NetworkCost(*space->Plan({2, 3, 3, 10}), space->cell_types(),
                                {"darts", {cell, reduce}}, {8, 8});
  ASSERT_TRUE(cost.ok());
  // Stem 3 -> 6. Cell 0: 6 -> 2 at 8x8. Cell 1: 8 -> 4 at 8x8, skip halves with 4 -> 4 at 4x4.
  // Cell 2: 16 -> 8 at 4x4, skip halves with 8 -> 8 at 2x2. Classifier 32 -> 10.
  const int64_t parameters =
      (162 + 12) + (12 + 4) + (32 + 8) + (16 + 8) + (128 + 16) + (64 + 16) + 330;
  const int64_t mult_adds = 162 * 64 + 12 * 64 + 32 * 64 + 16 * 16 + 128 * 16 + 64 * 4 + 320;
  EXPECT_EQ(*cost, (Cost{parameters, mult_adds}));
}

// Its parts add up to it, or to more where nothing reads some cell.
TEST(NetworkCostTest, IsTheSumOfItsParts) {
  const auto space = *MakeSearchSpace("darts");
  const NetworkPlan plan = *space->Plan(kCifarNetwork);
  CandidateSpace candidates{space->cell_types(), {}};
  for (const std::string& name : space->operations()) {
    candidates.operations.push_back({name, name == "none"});
  }
  const auto model = MakeCostModel(plan, candidates, {32, 32});
  ASSERT_TRUE(model.ok()) << model.status();
  const CandidateTable<Cost> operations = model->CandidateCosts();
  const auto inputs = model->InputCosts();
  RandomStream random({51});
  int exact = 0;
  for (int round = 0; round < 300; ++round) {
    const Genotype genotype = RandomGenotype(random, 1 + round % 3);
    Cost sum = model->Base();
    std::set<std::pair<int, int>> read;
    for (int cell = 0; cell < 2; ++cell) {
      for (int node = 0; node < 4; ++node) {
        for (const GenotypeInput& input : genotype.cells[cell].nodes[node]) {
          if (input.source < 2) read.insert({cell, input.source});
          int operation = 0;
          while (candidates.operations[operation].name != input.operation) ++operation;
          const CandidateId id{cell, candidates.cell_types[cell].EdgeOf(input.source, 2 + node),
                               operation};
          sum += operations[id];
        }
      }
    }
    for (const auto& [cell, input] : read) sum += inputs[cell][input];
    const Cost cost = model->Of(genotype);
    EXPECT_EQ(cost, *NetworkCost(plan, space->cell_types(), genotype, {32, 32}));
    const std::vector<bool> counts = CellsThatCount(plan, genotype);
    if (std::find(counts.begin(), counts.end(), false) == counts.end()) {
      ++exact;
      EXPECT_EQ(cost, sum);
    } else {
      EXPECT_LT(cost.parameters, sum.parameters);
      EXPECT_LT(cost.mult_adds, sum.mult_adds);
    }
  }
  EXPECT_GT(exact, 100);
  EXPECT_LT(exact, 300);
}

TEST(NetworkCostTest, NamesAnUnknownOperation) {
  const auto cost =
      CostOf(GenotypeFromDarts("Genotype(normal=[('warp', 0), ('warp', 1)], normal_concat=[2], "
                               "reduce=[('warp', 0), ('warp', 1)], reduce_concat=[2])"),
             kCifarNetwork, 32);
  EXPECT_EQ(cost.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(cost.status().message().find("'warp'"), absl::string_view::npos);
}

}  // namespace
}  // namespace nap
