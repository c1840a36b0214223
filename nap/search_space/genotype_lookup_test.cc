#include "nap/search_space/genotype_lookup.h"

#include <gtest/gtest.h>

#include <set>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/files.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

TEST(GenotypeLookupTest, KnowsPublishedGenotypesByName) {
  for (const std::string& name : PublishedGenotypes()) {
    const auto genotype = FindGenotype(name);
    ASSERT_TRUE(genotype.ok()) << name << genotype.status();
    const bool five = name == "NASNet" || name == "AmoebaNet";
    EXPECT_EQ(genotype->search_space, five ? "darts:nodes=5" : "darts");
    // All of them keep two inputs a node.
    for (const CellGenotype& cell : genotype->cells) {
      ASSERT_EQ(cell.nodes.size(), five ? 5u : 4u) << name;
      for (const auto& inputs : cell.nodes) EXPECT_EQ(inputs.size(), 2u) << name;
    }
  }
  EXPECT_EQ(*FindGenotype("DARTS_V2"), DartsV2());
}

// By hand, from the figures of the papers.
TEST(GenotypeLookupTest, PublishedCellsAreAsDeepAsTheirFigures) {
  EXPECT_EQ(DepthOf(FindGenotype("DARTS_V1")->cells[0], 2), 2);
  EXPECT_EQ(DepthOf(FindGenotype("DARTS_V2")->cells[0], 2), 2);
  EXPECT_EQ(DepthOf(FindGenotype("PDARTS")->cells[0], 2), 3);
}

// What is not used leaves a node in the output: loose ends, as both papers say.
TEST(GenotypeLookupTest, NasNetAndAmoebaNetPutOutWhatTheyDoNotUse) {
  for (const char* name : {"NASNet", "AmoebaNet"}) {
    const auto genotype = FindGenotype(name);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    for (const CellGenotype& cell : genotype->cells) {
      std::set<int> unused = {2, 3, 4, 5, 6};
      for (const auto& inputs : cell.nodes) {
        for (const GenotypeInput& input : inputs) unused.erase(input.source);
      }
      EXPECT_EQ(std::set<int>(cell.concat.begin(), cell.concat.end()), unused) << name << cell.name;
    }
  }
}

TEST(GenotypeLookupTest, ReadsEveryFormat) {
  const std::string folder = testing::TempDir();
  ASSERT_TRUE(WriteFileAtomically(folder + "/a", "\n " + GenotypeToJson(DartsV2())).ok());
  ASSERT_TRUE(WriteFileAtomically(folder + "/b", GenotypeToDarts(DartsV2()) + "\n").ok());
  EXPECT_EQ(*FindGenotype(folder + "/a"), DartsV2());
  EXPECT_EQ(*FindGenotype(folder + "/b"), DartsV2());
  EXPECT_EQ(*FindGenotype("DARTS = " + GenotypeToDarts(DartsV2())), DartsV2());

  const std::string architecture =
      "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|";
  ASSERT_TRUE(WriteFileAtomically(folder + "/c", architecture + "\n").ok());
  for (const std::string& name : {architecture, folder + "/c"}) {
    const auto genotype = FindGenotype(name);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    EXPECT_EQ(GenotypeToNasBench201(*genotype), architecture);
  }
}

// A search space of somebody else's (spaces_for_tests.cc).
TEST(GenotypeLookupTest, AsksEverySearchSpace) {
  const Genotype genotype{"three_inputs:nodes=1", {{"cell", {{{"a", 0}, {"b", 2}}}, {3}}}};
  const auto space = *MakeSearchSpace("three_inputs");
  EXPECT_EQ(space->ToText(genotype), "three: a from 0, b from 2");
  EXPECT_EQ(*FindGenotype("three: a from 0, b from 2"), genotype);
  EXPECT_EQ(ParseGenotype("three: a from 0; b from 3")->search_space, "three_inputs");
  EXPECT_EQ(ParseGenotype("three: a").status().message(), "'a' has no ' from '");
  EXPECT_EQ(ParseGenotype("four: a").status().message(),
            "it is no genotype: neither genotype.json's format nor that of a search space (broken, "
            "darts, nas_bench_201, plain, three_inputs)");
}

TEST(GenotypeLookupTest, NamesWhatIsWrong) {
  const auto missing = FindGenotype("nowhere/genotype.json");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.status().message(),
            "the genotype 'nowhere/genotype.json' is neither a file nor one of NASNet, AmoebaNet, "
            "DARTS_V1, DARTS_V2, PDARTS, PC_DARTS_cifar, PC_DARTS_image");
  EXPECT_EQ(FindGenotype("|a~0|+|a~0|").status().message(),
            "the genotype '|a~0|+|a~0|': NAS-Bench-201 architecture: it must have 3 nodes joined "
            "by '+', not 2");
  for (const char* content : {"", "{", "Genotype(", "{\"cells\": 3}", "|a~0|"}) {
    const std::string file = testing::TempDir() + "/broken";
    ASSERT_TRUE(WriteFileAtomically(file, content).ok());
    const auto broken = FindGenotype(file);
    ASSERT_FALSE(broken.ok()) << content;
    EXPECT_EQ(broken.status().message().find(file + ": "), 0u) << broken.status();
  }
}

}  // namespace
}  // namespace nap
