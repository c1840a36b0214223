#include "nap/architecture/candidates.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"

namespace nap {
namespace {

// Five edges a cell: 0->2, 1->2, 0->3, 1->3, 2->3.
CandidateSpace SmallSpace() {
  return {{CellTopology::Dense("normal", 2, 2, 1), CellTopology::Dense("reduce", 2, 2, 2)},
          {{"none", true}, {"skip_connect"}, {"sep_conv_3x3"}}};
}

TEST(CandidatesTest, ATableHasAValueForEachCandidate) {
  const CandidateSpace space = SmallSpace();
  NumberTable scores(space, 0.5);
  double next = 0;
  for (int cell = 0; cell < 2; ++cell) {
    EXPECT_EQ(scores.Values(cell), std::vector<double>(15, 0.5));
    for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
      for (int operation = 0; operation < space.NumOperations(); ++operation) {
        scores[{cell, edge, operation}] = next++;
      }
    }
  }
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(scores.Values(0)[i], i);
    EXPECT_EQ(scores.Values(1)[i], 15 + i);
  }
}

TEST(CandidatesTest, LivingOperationsAreSortedAndWithoutZero) {
  const CandidateSpace space = SmallSpace();
  LivingTable living(space, false);
  EXPECT_TRUE(LivingOperations(space, living, 0).empty());
  for (int operation : {0, 1, 2}) living[{0, 3, operation}] = true;
  living[{0, 1, 0}] = living[{0, 1, 2}] = true;
  living[{1, 0, 1}] = true;
  EXPECT_EQ(LivingOperations(space, living, 0),
            (std::vector<CandidateId>{{0, 1, 2}, {0, 3, 1}, {0, 3, 2}}));
  EXPECT_EQ(LivingOperations(space, living, 0, 3),
            (std::vector<CandidateId>{{0, 3, 1}, {0, 3, 2}}));
  EXPECT_TRUE(LivingOperations(space, living, 0, 0).empty());
  EXPECT_EQ(LivingOperations(space, living, 1), (std::vector<CandidateId>{{1, 0, 1}}));
  std::vector<CandidateId> all = LivingOperations(space, living, 0);
  all.push_back({1, 0, 1});
  EXPECT_EQ(LivingOperations(space, living), all);
}

TEST(CandidatesTest, TheGenotypeIsWhatLives) {
  const CandidateSpace space = SmallSpace();
  LivingTable living(space, false);
  living[{0, 1, 2}] = living[{0, 3, 1}] = living[{0, 4, 0}] = living[{0, 4, 2}] = true;
  living[{1, 0, 1}] = living[{1, 0, 2}] = living[{1, 4, 1}] = true;
  EXPECT_EQ(
      GenotypeOf("darts", space, living),
      (Genotype{
          "darts",
          {{"normal", {{{"sep_conv_3x3", 1}}, {{"skip_connect", 1}, {"sep_conv_3x3", 2}}}, {2, 3}},
           {"reduce",
            {{{"skip_connect", 0}, {"sep_conv_3x3", 0}}, {{"skip_connect", 2}}},
            {2, 3}}}}));
}

TEST(CandidatesTest, OperationsAreCounted) {
  const CellGenotype cell{
      "normal", {{{"sep_conv_3x3", 1}}, {{"skip_connect", 1}, {"sep_conv_3x3", 2}}}, {2, 3}};
  EXPECT_EQ(CountOperations(cell),
            (std::map<std::string, int>{{"sep_conv_3x3", 2}, {"skip_connect", 1}}));
}

}  // namespace
}  // namespace nap
