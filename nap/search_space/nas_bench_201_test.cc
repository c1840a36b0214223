#include <gtest/gtest.h>

#include "nap/search_space/search_space.h"

namespace nap {
namespace {

std::unique_ptr<SearchSpace> Space() { return *MakeSearchSpace("nas_bench_201"); }

TEST(NasBench201Test, HasOneCellOfSixEdgesWhoseLastNodeIsTheOutput) {
  const auto space = Space();
  ASSERT_EQ(space->cell_types().size(), 1u);
  const CellTopology& cell = space->cell_types()[0];
  EXPECT_EQ(cell.name, "cell");
  EXPECT_EQ(cell.num_inputs, 1);
  EXPECT_EQ(cell.num_nodes, 3);
  EXPECT_EQ(cell.concat, std::vector<int>{3});
  std::vector<std::pair<int, int>> edges;
  for (const Edge& edge : cell.edges) {
    edges.emplace_back(edge.source, edge.target);
    EXPECT_EQ(edge.stride, 1);
  }
  EXPECT_EQ(edges,
            (std::vector<std::pair<int, int>>{{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}}));
  EXPECT_EQ(space->operations(), (std::vector<std::string>{"none", "skip_connect", "nor_conv_1x1",
                                                           "nor_conv_3x3", "avg_pool_3x3"}));
  EXPECT_EQ(space->operations_per_cell(), 6);
}

// Five cells a stage of 16, 32 and 64 channels, residual blocks between.
TEST(NasBench201Test, PlansTheNetworkOfTheTables) {
  const auto space = Space();
  const NetworkOptions usual = space->usual_network(StemKind::kCifar);
  EXPECT_EQ(usual.channels, 16);
  const auto plan = space->Plan(usual);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->stem_channels, 16);
  EXPECT_EQ(plan->output_channels, 64);
  EXPECT_TRUE(plan->final_norm);
  ASSERT_EQ(plan->cells.size(), 15u);
  for (int i = 0; i < 15; ++i) {
    const CellPlan& cell = plan->cells[i];
    const bool bridge = i == 5 || i == 10;
    EXPECT_EQ(cell.type, 0) << i;
    EXPECT_EQ(cell.stride, 1) << i;
    EXPECT_EQ(cell.channels, i < 5 ? 16 : i < 10 ? 32 : 64) << i;
    ASSERT_EQ(cell.inputs.size(), 1u) << i;
    EXPECT_EQ(cell.inputs[0].source, i == 0 ? CellInputPlan::kStem : i - 1) << i;
    EXPECT_EQ(cell.inputs[0].channels, bridge ? cell.channels / 2 : cell.channels) << i;
    EXPECT_EQ(cell.inputs[0].kind, bridge ? kResidualBlockInput : kIdentityInput) << i;
  }
}

TEST(NasBench201Test, PlansOneCellAStageAndAnotherStem) {
  const auto plan = Space()->Plan({4, 3, 1, 2, StemKind::kImageNet});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->stem, StemKind::kImageNet);
  EXPECT_EQ(plan->cells[0].inputs[0].kind, kIdentityInput);
  EXPECT_EQ(plan->cells[1].inputs[0].kind, kResidualBlockInput);
  EXPECT_EQ(plan->cells[2].inputs[0].kind, kResidualBlockInput);
  EXPECT_EQ(plan->output_channels, 16);
}

TEST(NasBench201Test, RefusesWhatCannotBe) {
  for (const int64_t cells : {-3, 0, 1, 2, 4, 20}) {
    EXPECT_EQ(Space()->Plan({16, cells, 3, 10}).status().message(),
              "the nas_bench_201 space has three stages of as many cells each, so it needs 3, 6, "
              "9, ... cells in all; got " +
                  std::to_string(cells));
  }
  EXPECT_FALSE(Space()->Plan({0, 3, 3, 10}).ok());
  EXPECT_FALSE(Space()->Plan({16, 3, 3, 1}).ok());
}

TEST(FindNetworkTest, AsksTheSpace) {
  EXPECT_EQ(FindNetwork("cifar", "darts")->cells, 20);
  EXPECT_EQ(FindNetwork("imagenet", "darts")->channels, 48);
  EXPECT_EQ(FindNetwork("cifar", "nas_bench_201")->cells, 15);
  EXPECT_EQ(FindNetwork("imagenet", "nas_bench_201")->stem, StemKind::kImageNet);
  EXPECT_EQ(FindNetwork("x", "darts").status().message(),
            "unknown network 'x'; known: cifar, imagenet");
  EXPECT_EQ(FindNetwork("cifar", "x").status().message(),
            "unknown search space 'x'; known: darts, nas_bench_201");
}

}  // namespace
}  // namespace nap
