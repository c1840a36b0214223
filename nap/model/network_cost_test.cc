#include "nap/model/network_cost.h"

#include <gtest/gtest.h>

#include "nap/architecture/genotype_darts.h"

namespace nap {
namespace {

// The published genotypes of DARTS (first and second order) and their known sizes.
constexpr char kDartsV1[] =
    "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])";
constexpr char kDartsV2[] =
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])";

absl::StatusOr<Cost> CifarCost(const std::string& line) {
  const auto genotype = GenotypeFromDarts(line);
  EXPECT_TRUE(genotype.ok()) << genotype.status();
  const auto space = (*SearchSpaceRegistry::Global().Find("darts"))->make();
  return NetworkCost(*space->Plan({36, 20, 3, 10}), space->cell_types(), *genotype, {32, 32});
}

TEST(NetworkCostTest, GivesThePublishedSizes) {
  EXPECT_EQ(*CifarCost(kDartsV1), (Cost{3169414, 500987520}));
  EXPECT_EQ(*CifarCost(kDartsV2), (Cost{3349342, 528359040}));
}

// Small enough for pencil and paper: 3 cells, 2 channels, one operation a node, input 0 not read.
TEST(NetworkCostTest, LeavesOutAnInputThatIsNotRead) {
  CellGenotype cell{
      "normal",
      {{{"skip_connect", 1}}, {{"skip_connect", 2}}, {{"skip_connect", 2}}, {{"skip_connect", 2}}},
      {2, 3, 4, 5}};
  CellGenotype reduce = cell;
  reduce.name = "reduce";
  const auto space = (*SearchSpaceRegistry::Global().Find("darts"))->make();
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

TEST(NetworkCostTest, NamesAnUnknownOperation) {
  const auto cost = CifarCost(
      "Genotype(normal=[('warp', 0), ('warp', 1)], normal_concat=[2], "
      "reduce=[('warp', 0), ('warp', 1)], reduce_concat=[2])");
  EXPECT_EQ(cost.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(cost.status().message().find("'warp'"), absl::string_view::npos);
}

}  // namespace
}  // namespace nap
