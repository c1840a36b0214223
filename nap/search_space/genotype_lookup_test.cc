#include "nap/search_space/genotype_lookup.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <set>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/files.h"
#include "nap/search_space/published_genotypes.h"
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
            "it is no genotype and has none: neither in genotype.json's format nor in that of a "
            "search space (broken, darts, nas_bench_201, plain, three_inputs)");
}

std::string WriteText(const std::string& name, const std::string& content) {
  std::string file = testing::TempDir() + "/" + name;
  EXPECT_TRUE(WriteFileAtomically(file, content).ok());
  return file;
}

TEST(GenotypeLookupTest, ReadsGenotypesAsPeopleHaveThem) {
  const std::string line = GenotypeToDarts(DartsV2());
  std::string nni = "{";
  for (const CellGenotype& cell : DartsV2().cells) {
    for (int i = 0; i < 8; ++i) {
      const GenotypeInput& input = cell.nodes[i / 2][i % 2];
      absl::StrAppend(&nni, nni.size() > 1 ? ", '" : "'", cell.name, "/op_", 2 + i / 2, "_", i % 2,
                      "': '", input.operation, "', '", cell.name, "/input_", 2 + i / 2, "_", i % 2,
                      "': [", input.source, "]");
    }
  }
  nni += "}";
  std::string dictionary = absl::StrReplaceAll(line, {{"Genotype(", "{'"},
                                                      {"=", "': "},
                                                      {"reduce", "'reduce"},
                                                      {"normal_concat", "'normal_concat"}});
  dictionary.back() = '}';
  for (const std::string& text :
       {"05/01 12:00:00 PM genotype = " + line + "\n05/01 epoch 2",
        "import x\n\nMY_CELL = " + line + "\n", nni, "[INFO] best: " + nni + "\n", dictionary,
        "<<<--->>> The 3-th epoch : " + dictionary + "\n{'x': 1}"}) {
    std::string note;
    const auto genotype = FindGenotype(text, &note);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    EXPECT_EQ(*genotype, DartsV2());
    EXPECT_EQ(*FindGenotype(WriteText("text", text), &note), DartsV2());
    EXPECT_EQ(note, "");
  }
  const std::string architecture =
      "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|";
  const auto structure = FindGenotype("Structure(4 nodes with " + architecture + ")");
  ASSERT_TRUE(structure.ok()) << structure.status();
  EXPECT_EQ(GenotypeToNasBench201(*structure), architecture);
}

TEST(GenotypeLookupTest, OfALogTakesTheLast) {
  const std::string v1 = GenotypeToDarts(*FindGenotype("DARTS_V1"));
  const std::string log =
      WriteText("log.txt", absl::StrCat("genotype = ", v1, "\nloss\ngenotype = ", v1,
                                        "\ngenotype = ", GenotypeToDarts(DartsV2()), "\nend\n"));
  std::string note;
  EXPECT_EQ(*FindGenotype(log, &note), DartsV2());
  EXPECT_EQ(note, log + " has 3 genotypes; the last one is taken, that of line 4");
  // Also if it is damaged: another one is not what was asked for.
  const std::string cut =
      WriteText("cut.txt", absl::StrCat("genotype = ", v1, "\ngenotype = ", v1.substr(0, 34)));
  EXPECT_EQ(
      FindGenotype(cut).status().message(),
      cut + ", line 2: DARTS genotype: byte 34: expected a node before this one, a number below 2");
  EXPECT_EQ(ParseGenotype(v1 + v1).status().message(), "there are 2 genotypes where one should be");
}

TEST(GenotypeLookupTest, OfAPythonFileTakesTheOneThatIsNamed) {
  const std::string python = WriteText(
      "genotypes.py",
      absl::StrCat("Genotype = namedtuple('Genotype', 'normal normal_concat')\nV1 = ",
                   GenotypeToDarts(*FindGenotype("DARTS_V1")),
                   "\nV2 = ", GenotypeToDarts(DartsV2()), "\nBAD = Genotype(normal=[('x', 7)])\n"));
  EXPECT_EQ(FindGenotype(python).status().message(),
            python + " has 3 genotypes: V1, V2, BAD; choose one as " + python + ":V1");
  EXPECT_EQ(*FindGenotype(python + ":V2"), DartsV2());
  EXPECT_EQ(FindGenotype(python + ":V3").status().message(),
            python + " has no genotype of the name 'V3'; it has V1, V2, BAD");
  EXPECT_EQ(FindGenotype(python + ":BAD").status().message(),
            python +
                ", line 4: DARTS genotype: byte 23: expected a node before this one, a number "
                "below 2");
  EXPECT_TRUE(absl::IsNotFound(FindGenotype("nowhere.py:V1").status()));
  EXPECT_EQ(FindGenotype("a='|x~0|' b='|y~0|'").status().message(),
            "the genotype 'a=\\'|x~0|\\' b=\\'|y~0|\\'' has 2 genotypes: a, b; give one of them");
}

TEST(GenotypeLookupTest, AMessageIsOneShortLine) {
  const auto broken = FindGenotype("x = 1\nGenotype(normal=[" + std::string(1000, 'x'));
  EXPECT_EQ(broken.status().message(),
            "the genotype 'x = 1\\nGenotype(normal=[" + std::string(57, 'x') +
                "...', line 2: DARTS genotype: byte 17: expected a list");
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

TEST(GenotypeLookupTest, NamesAreText) {
  const auto genotype = ParseGenotype(
      "Genotype(normal=[('skip_\xff', 0), ('skip_connect', 1)], normal_concat=[2], "
      "reduce=[('skip_connect', 0), ('skip_connect', 1)], reduce_concat=[2])");
  EXPECT_EQ(genotype.status().message(), "the operation 'skip_\\377' has bytes that no name has");
}

}  // namespace
}  // namespace nap
