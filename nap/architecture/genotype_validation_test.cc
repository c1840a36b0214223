#include "nap/architecture/genotype_validation.h"

#include <absl/status/status.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/architecture/topology.h"
#include "nap/base/random.h"

namespace nap {
namespace {

absl::Status ValidateDarts(const Genotype& genotype) {
  return ValidateGenotype(
      genotype, {CellTopology::Dense("normal", 2, 4, 1), CellTopology::Dense("reduce", 2, 4, 2)},
      {"max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
       "dil_conv_3x3", "dil_conv_5x5"});
}

std::string ErrorOf(const Genotype& genotype) {
  const absl::Status status = ValidateDarts(genotype);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  return std::string(status.message());
}

TEST(GenotypeValidationTest, AcceptsWhatTheSpaceCanHold) {
  EXPECT_TRUE(ValidateDarts(DartsV2()).ok());
  RandomStream random({1});
  for (int i = 0; i < 100; ++i) {
    const absl::Status status = ValidateDarts(RandomGenotype(random, 1 + i % 6));
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(GenotypeValidationTest, WantsTheCellsOfTheSpace) {
  Genotype genotype = DartsV2();
  genotype.cells.pop_back();
  EXPECT_EQ(ErrorOf(genotype), "genotype: the reduce cell is missing");
  genotype.cells.clear();
  EXPECT_EQ(ErrorOf(genotype), "genotype: the normal cell is missing");
  genotype = DartsV2();
  genotype.cells.push_back({"third", {}, {}});
  EXPECT_EQ(ErrorOf(genotype), "genotype: the third cell is one too many");
  genotype = DartsV2();
  genotype.cells[1].name = "other";
  EXPECT_EQ(ErrorOf(genotype), "genotype: the other cell stands where the reduce cell should");
}

TEST(GenotypeValidationTest, WantsTheNodesOfTheCell) {
  Genotype genotype = DartsV2();
  genotype.cells[1].nodes.pop_back();
  EXPECT_EQ(ErrorOf(genotype), "genotype: the reduce cell has 3 nodes instead of 4");
  genotype = DartsV2();
  genotype.cells[0].concat = {3, 4, 5};
  EXPECT_EQ(ErrorOf(genotype),
            "genotype: the normal cell concatenates [3, 4, 5] instead of [2, 3, 4, 5]");
}

TEST(GenotypeValidationTest, WantsTheEdgesOfTheCell) {
  for (int source : {-1, 3, 4, 1000}) {
    Genotype genotype = DartsV2();
    genotype.cells[0].nodes[1].push_back({"skip_connect", source});
    EXPECT_EQ(ErrorOf(genotype), "genotype: the normal cell has no edge from node " +
                                     std::to_string(source) + " to node 3");
  }
}

TEST(GenotypeValidationTest, WantsKnownOperations) {
  Genotype genotype = DartsV2();
  genotype.cells[1].nodes[0][0].operation = "sep_conv_9x9";
  EXPECT_EQ(ErrorOf(genotype),
            "genotype: unknown operation 'sep_conv_9x9' (node 2 of the reduce cell); known: "
            "max_pool_3x3, avg_pool_3x3, skip_connect, sep_conv_3x3, sep_conv_5x5, dil_conv_3x3, "
            "dil_conv_5x5; a plugin's are known to programs that are built with its label, "
            "--//:plugins=//PACKAGE:TARGET (docs/adding_an_operation.md)");
  // All of them, each once.
  genotype.cells[0].nodes[1][1].operation = "a\nb";
  genotype.cells[1].nodes[3][0].operation = "sep_conv_9x9";
  EXPECT_EQ(ErrorOf(genotype).find("genotype: unknown operations 'a\\nb' (node 3 of the normal "
                                   "cell), 'sep_conv_9x9' (node 2 of the reduce cell); known: "),
            0u);
}

TEST(GenotypeValidationTest, AcceptsAnOperationTwiceOnAnEdge) {
  Genotype genotype = DartsV2();
  genotype.cells[0].nodes[0][1] = genotype.cells[0].nodes[0][0];
  EXPECT_TRUE(ValidateDarts(genotype).ok());
}

TEST(GenotypeValidationTest, AcceptsAnyNodesAsOutputWhereThatIsFree) {
  CellTopology cell = CellTopology::Dense("cell", 2, 3, 1);
  cell.concat_is_free = true;
  Genotype genotype{"", {{"cell", {{{"a", 0}}, {{"a", 1}}, {{"a", 0}}}, {}}}};
  for (const std::vector<int>& concat : {std::vector<int>{2, 3, 4}, {4}, {3, 2}}) {
    genotype.cells[0].concat = concat;
    EXPECT_TRUE(ValidateGenotype(genotype, {cell}, {"a"}).ok());
  }
  for (const std::vector<int>& concat : {std::vector<int>{}, {1}, {5}, {3, 3}}) {
    genotype.cells[0].concat = concat;
    EXPECT_EQ(ValidateGenotype(genotype, {cell}, {"a"})
                  .message()
                  .find("genotype: the cell cannot be: its output is made of ["),
              0u);
  }
}

}  // namespace
}  // namespace nap
