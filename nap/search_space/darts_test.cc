#include <gtest/gtest.h>

#include <algorithm>

#include "nap/search_space/search_space.h"

namespace nap {
namespace {

std::unique_ptr<SearchSpace> Darts() { return *MakeSearchSpace("darts"); }

TEST(DartsTest, HasTwoCellTypesOfFourteenEdges) {
  const auto space = Darts();
  ASSERT_EQ(space->cell_types().size(), 2u);
  for (const CellTopology& cell : space->cell_types()) {
    EXPECT_EQ(cell.edges.size(), 14u);
    EXPECT_EQ(cell.concat, (std::vector<int>{2, 3, 4, 5}));
    int position = 0;
    for (int target = 2; target < 6; ++target) {
      for (int source = 0; source < target; ++source, ++position) {
        const Edge& edge = cell.edges[position];
        EXPECT_EQ(edge.source, source);
        EXPECT_EQ(edge.target, target);
        EXPECT_EQ(edge.stride, cell.name == "reduce" && source < 2 ? 2 : 1);
      }
    }
  }
  EXPECT_EQ(space->operations().size(), 8u);
}

// DARTS's loop over the layers, written down for 8 cells of 16 channels.
TEST(DartsTest, PlansTheSearchNetworkOfThePaper) {
  const auto plan = Darts()->Plan({16, 8, 3, 10});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->stem_channels, 48);
  EXPECT_EQ(plan->output_channels, 256);
  const std::vector<int64_t> channels = {16, 16, 32, 32, 32, 64, 64, 64};
  const std::vector<int64_t> before = {48, 48, 64, 64, 128, 128, 128, 256};
  const std::vector<int64_t> last = {48, 64, 64, 128, 128, 128, 256, 256};
  ASSERT_EQ(plan->cells.size(), 8u);
  for (int i = 0; i < 8; ++i) {
    const CellPlan& cell = plan->cells[i];
    const bool reduce = i == 2 || i == 5;
    EXPECT_EQ(cell.type, reduce ? 1 : 0) << i;
    EXPECT_EQ(cell.stride, reduce ? 2 : 1) << i;
    EXPECT_EQ(cell.channels, channels[i]) << i;
    EXPECT_EQ(cell.inputs[0].channels, before[i]) << i;
    EXPECT_EQ(cell.inputs[1].channels, last[i]) << i;
    EXPECT_EQ(cell.inputs[0].source, i < 2 ? CellInputPlan::kStem : i - 2) << i;
    EXPECT_EQ(cell.inputs[1].source, i < 1 ? CellInputPlan::kStem : i - 1) << i;
    EXPECT_EQ(cell.inputs[0].kind, i == 3 || i == 6 ? kFactorizedReduceInput : kPointwiseInput)
        << i;
    EXPECT_EQ(cell.inputs[1].kind, kPointwiseInput) << i;
  }
}

TEST(DartsTest, HasAsManyNodesAsItIsAskedFor) {
  const auto space = *MakeSearchSpace("darts:nodes=5");
  EXPECT_EQ(space->name(), "darts:nodes=5");
  EXPECT_EQ((*MakeSearchSpace("darts:nodes=4"))->name(), "darts");
  EXPECT_EQ(space->operations_per_cell(), 10);
  for (const CellTopology& cell : space->cell_types()) {
    EXPECT_EQ(cell.edges.size(), 20u);
    EXPECT_EQ(cell.concat, (std::vector<int>{2, 3, 4, 5, 6}));
  }
  EXPECT_EQ(space->Plan({16, 8, 3, 10})->output_channels, 5 * 64);
}

// NASNet's: all five nodes of a normal cell, three of a reduction cell.
TEST(DartsTest, PlansCellsWhoseOutputIsSomeOfTheirNodes) {
  const auto space = *MakeSearchSpace("darts:nodes=5");
  std::vector<CellTopology> cell_types = space->cell_types();
  cell_types[1].concat = {4, 5, 6};
  const auto plan = space->PlanWith({16, 8, 3, 10}, cell_types);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const std::vector<int64_t> last = {48, 80, 80, 96, 160, 160, 192, 320};
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(plan->cells[i].inputs[1].channels, last[i]) << i;
    EXPECT_EQ(plan->cells[i].inputs[0].channels, last[std::max(i - 1, 0)]) << i;
  }
  EXPECT_EQ(plan->output_channels, 320);
}

TEST(DartsTest, RefusesWhatCannotBe) {
  EXPECT_EQ(
      MakeSearchSpace("darts:nodes=99999999999").status().message(),
      "search space 'darts:nodes=99999999999': parameter nodes=99999999999 must be at most 100");
  EXPECT_FALSE(Darts()->Plan({16, 2, 3, 10}).ok());
  EXPECT_FALSE(Darts()->Plan({0, 8, 3, 10}).ok());
  EXPECT_FALSE(Darts()->Plan({16, 8, 3, 1}).ok());
  EXPECT_TRUE(Darts()->Plan({1, 3, 1, 2}).ok());
}

}  // namespace
}  // namespace nap
