#include "nap/architecture/genotype.h"

#include <gtest/gtest.h>

#include "nap/architecture/genotypes_for_tests.h"

namespace nap {
namespace {

TEST(GenotypeTest, CountsOperations) {
  const CellGenotype cell = {
      "normal", {{{"skip_connect", 0}, {"sep_conv_3x3", 1}}, {{"skip_connect", 2}}}, {2, 3}};
  EXPECT_EQ(CountOperations(cell),
            (std::map<std::string, int>{{"sep_conv_3x3", 1}, {"skip_connect", 2}}));
}

// By hand, from the figures of the papers.
TEST(GenotypeTest, DepthIsTheLongestWay) {
  EXPECT_EQ(DepthOf(DartsV2().cells[0], 2), 2);
  const GenotypeInput from[] = {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}, {"e", 4}};
  EXPECT_EQ(DepthOf({"chain", {{from[0]}, {from[2]}, {from[3]}, {from[4]}}, {2, 3, 4, 5}}, 2), 4);
  EXPECT_EQ(DepthOf({"one input", {{from[0]}, {from[0], from[1]}, {from[0], from[2]}}, {3}}, 1), 3);
  // What the output does not contain does not count.
  EXPECT_EQ(DepthOf({"dead end", {{from[0]}, {from[2]}, {from[1]}}, {2, 4}}, 2), 1);
  EXPECT_EQ(DepthOf({"passed on", {{from[0]}}, {0}}, 2), 0);
}

}  // namespace
}  // namespace nap
