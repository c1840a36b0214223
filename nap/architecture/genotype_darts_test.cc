#include "nap/architecture/genotype_darts.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <string>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/random.h"

namespace nap {
namespace {

constexpr char kDartsV1Line[] =
    "DARTS_V1 = Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])";

// A node with three inputs, one with none, one with a single one.
Genotype Uneven() {
  return {"darts:nodes=3",
          {{"normal", {{{"a", 0}, {"b", 1}, {"c", 1}}, {}, {{"d", 3}}}, {2, 4}},
           {"reduce", {{{"a", 1}}, {}}, {2, 3}}}};
}

constexpr char kUnevenLine[] =
    "Genotype(normal=[[('a', 0), ('b', 1), ('c', 1)], [], [('d', 3)]], normal_concat=[2, 4], "
    "reduce=[('a', 1), ('none', 0), ('none', 0), ('none', 0)], reduce_concat=[2, 3])";

constexpr char kFairLine[] =
    "Genotype(normal=[('a', 2, 0), ('b', 2, 1), ('c', 4, 3), ('d', 4, 0), ('e', 5, 4)], "
    "normal_concat=range(2, 6), reduce=[('b', 2, 0), ('none', 5, 0), ('c', 3, 2)], "
    "reduce_concat=range(2, 6))";

constexpr char kAutoDlLine[] =
    "Genotype(normal=[(('a', 0), ('b', 1)), # step 1\n (('c', 2), ('c', np.int64(0)))], "
    "normal_concat=[2, 3], reduce=[(('a', 1), ('a', 0)), (('b', 0), ('b', 2))], "
    "reduce_concat=list(range(2, 4)), connectN=None, connects=None)";

// A line whose normal cell has these inputs and this concat.
std::string Line(const std::string& normal, const std::string& concat = "[2]") {
  return absl::StrCat("Genotype(normal=", normal, ", normal_concat=", concat,
                      ", reduce=[], reduce_concat=[])");
}

CellGenotype NormalCellOf(const std::string& line) {
  const auto genotype = GenotypeFromDarts(line);
  EXPECT_TRUE(genotype.ok()) << genotype.status() << " in " << line;
  return genotype.ok() ? genotype->cells[0] : CellGenotype{};
}

// The message without what all messages begin with.
std::string ErrorOf(const std::string& line) {
  const auto genotype = GenotypeFromDarts(line);
  EXPECT_TRUE(absl::IsInvalidArgument(genotype.status())) << line;
  const std::string message(genotype.status().message());
  const std::string prefix = "DARTS genotype: byte ";
  EXPECT_EQ(message.substr(0, prefix.size()), prefix);
  return message.substr(prefix.size());
}

TEST(GenotypeDartsTest, WritesThePublishedLine) {
  EXPECT_EQ(GenotypeToDarts(DartsV2()), kDartsV2Line);
}

TEST(GenotypeDartsTest, ReadsThePublishedLines) {
  const auto v1 = GenotypeFromDarts(kDartsV1Line);
  ASSERT_TRUE(v1.ok()) << v1.status();
  EXPECT_EQ(*v1, (Genotype{"darts",
                           {{"normal",
                             {{{"sep_conv_3x3", 1}, {"sep_conv_3x3", 0}},
                              {{"skip_connect", 0}, {"sep_conv_3x3", 1}},
                              {{"skip_connect", 0}, {"sep_conv_3x3", 1}},
                              {{"sep_conv_3x3", 0}, {"skip_connect", 2}}},
                             {2, 3, 4, 5}},
                            {"reduce",
                             {{{"max_pool_3x3", 0}, {"max_pool_3x3", 1}},
                              {{"skip_connect", 2}, {"max_pool_3x3", 0}},
                              {{"max_pool_3x3", 0}, {"skip_connect", 2}},
                              {{"skip_connect", 2}, {"avg_pool_3x3", 0}}},
                             {2, 3, 4, 5}}}}));
  EXPECT_EQ("DARTS_V1 = " + GenotypeToDarts(*v1), kDartsV1Line);
  const auto v2 = GenotypeFromDarts(kDartsV2Line);
  ASSERT_TRUE(v2.ok()) << v2.status();
  EXPECT_EQ(*v2, DartsV2());
}

TEST(GenotypeDartsTest, WritesACellThatDoesNotFitNodeByNode) {
  EXPECT_EQ(GenotypeToDarts(Uneven()), kUnevenLine);
}

TEST(GenotypeDartsTest, ReadsBackWhatItWrote) {
  RandomStream random({1});
  for (int i = 0; i < 300; ++i) {
    const Genotype genotype = RandomGenotype(random, 1 + i % 6);
    const std::string line = GenotypeToDarts(genotype);
    const auto read = GenotypeFromDarts(line);
    ASSERT_TRUE(read.ok()) << read.status() << " in " << line;
    EXPECT_EQ(*read, genotype) << line;
  }
  const auto read = GenotypeFromDarts(kUnevenLine);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Uneven());
}

TEST(GenotypeDartsTest, ReadsWhatPythonReads) {
  const std::string line = kDartsV2Line;
  for (const std::string& variant : {
           absl::StrReplaceAll(line, {{"'", "\""}}),
           absl::StrReplaceAll(line, {{" ", ""}}),
           absl::StrReplaceAll(line, {{",", "\t,\r\n "}, {"=", " = "}, {"(", " ( "}, {")", " ) "}}),
           absl::StrReplaceAll(line, {{"[", "("}, {"]", ")"}}),
           absl::StrReplaceAll(line, {{"('", "['"}, {"0)", "0]"}, {"1)", "1]"}, {"2)", "2]"}}),
           absl::StrReplaceAll(line, {{"]", ",]"}, {"0)", "0,)"}}),
           absl::StrReplaceAll(line, {{"[2, 3, 4, 5]", "range(2, 6)"}}),
           absl::StrReplaceAll(line, {{"5])", "5],)"}}),
           absl::StrReplaceAll(line, {{"[2, 3, 4, 5]", "list(range(2, 6))"}}),
           absl::StrReplaceAll(line, {{"[2, 3, 4, 5]", "np.array([2, 3, 4, 5])"}}),
           absl::StrReplaceAll(line, {{"2", "np.int64(2)"}, {"5x5", "5x5"}, {"_V2", "_V2"}}),
           absl::StrReplaceAll(line, {{"'skip_connect'", "np.str_('skip_connect')"}}),
           absl::StrReplaceAll(line, {{"),", "), # step (1\n"}, {"normal_", "# 'x\nnormal_"}}),
           absl::StrReplaceAll(line, {{"5])", "5], connectN=None, connects=None,)"}}),
           "DARTS=" + line,
           "\n DARTS_V2\n = \n" + line + "\n",
       }) {
    const auto genotype = GenotypeFromDarts(variant);
    ASSERT_TRUE(genotype.ok()) << genotype.status() << " in " << variant;
    EXPECT_EQ(*genotype, DartsV2());
  }
}

// What AutoDL-Projects prints of a search.
TEST(GenotypeDartsTest, ReadsADictionaryWithWeights) {
  const std::string text =
      "{'normal': [(('a', 0, 0.21), ('b', 1, np.float32(1.5e-05))), (('c', 2, 1.0), ('c', 0, "
      "2e3,))], "
      "'normal_concat': [2, 3], 'reduce': [(('a', 1), ('a', 0)), (('b', 0, 0.5), ('b', 2, 0.25))], "
      "'reduce_concat': [2, 3]}";
  const auto expected = GenotypeFromDarts(kAutoDlLine);
  ASSERT_TRUE(expected.ok()) << expected.status();
  for (const std::string& variant :
       {text, absl::StrReplaceAll(text, {{"'", "\""}, {"3]}", "3],\n}"}}), "arch = " + text}) {
    const auto genotype = GenotypeFromDarts(variant);
    ASSERT_TRUE(genotype.ok()) << genotype.status() << " in " << variant;
    EXPECT_EQ(*genotype, *expected);
  }
  EXPECT_EQ(ErrorOf("{'normal': [(('a', 0, 'x'),)]"), "22: expected a number");
  EXPECT_EQ(ErrorOf("{'normal': [(('a', 0, 1.2.3),)]"), "22: expected a number");
  EXPECT_EQ(ErrorOf("{'normal': [], 'reduce': []"), "15: expected 'normal_concat':");
  EXPECT_EQ(ErrorOf("{'normal': [], 'normal_concat': [], 'reduce': [], 'reduce_concat': [])"),
            "69: expected '}'");
}

TEST(GenotypeDartsTest, ReadsEitherFormOfACell) {
  const CellGenotype expected{"normal", {{{"a", 0}, {"b-2.x", 1}}, {{"c", 2}}}, {3}};
  EXPECT_EQ(NormalCellOf(Line("[('a', 0), ('b-2.x', 1), ('none', 0), ('c', 2)]", "[3]")), expected);
  EXPECT_EQ(NormalCellOf(Line("[[('a', 0), ('b-2.x', 1)], [('c', 2)]]", "[3]")), expected);
  EXPECT_EQ(NormalCellOf(Line("((('a', 0), ('b-2.x', 1)), (('c', 2),))", "(3,)")), expected);
  EXPECT_EQ(
      NormalCellOf(Line("[[('none', 0), ('a', 0), ('b-2.x', 1)], [('c', 2)]]", "range(3, 4)")),
      expected);
  EXPECT_EQ(NormalCellOf(Line("[]", "range(2, 2)")), (CellGenotype{"normal", {}, {}}));
}

// Names its search space by the number of nodes; what is nothing is left out.
TEST(GenotypeDartsTest, ReadsAnyNumberOfNodes) {
  const auto one = GenotypeFromDarts(
      "Genotype(normal=[('none', 1), ('a', 0)], normal_concat=[2], reduce=[('none', 0), ('none', "
      "1)], "
      "reduce_concat=[2])");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(*one,
            (Genotype{"darts:nodes=1", {{"normal", {{{"a", 0}}}, {2}}, {"reduce", {{}}, {2}}}}));
  std::string six = "[]";
  for (int node = 0; node < 5; ++node) six += ", []";
  EXPECT_EQ(GenotypeFromDarts(Line("[" + six + "]", "[7]"))->search_space, "darts:nodes=6");
}

// NASNet's normal cell sums the same pooling twice.
TEST(GenotypeDartsTest, KeepsAnOperationThatStandsTwiceOnAnEdge) {
  const CellGenotype twice{"normal", {{{"a", 0}, {"a", 0}}}, {2}};
  EXPECT_EQ(NormalCellOf(Line("[('a', 0), ('a', 0)]")), twice);
  EXPECT_EQ(GenotypeToDarts({"darts:nodes=1", {twice}}),
            "Genotype(normal=[('a', 0), ('a', 0)], normal_concat=[2])");
}

// FairDARTS's own network leaves out nodes without operations, and what reads them.
TEST(GenotypeDartsTest, ReadsTriplesAsFairDartsBuildsThem) {
  const auto genotype = GenotypeFromDarts(kFairLine);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  EXPECT_EQ(*genotype,
            (Genotype{"darts",
                      {{"normal", {{{"a", 0}, {"b", 1}}, {}, {{"d", 0}}, {{"e", 4}}}, {2, 4, 5}},
                       {"reduce", {{{"b", 0}}, {{"c", 2}}, {}, {}}, {2, 3}}}}));
}

TEST(GenotypeDartsTest, SaysWhatIsWrongWithTriples) {
  EXPECT_EQ(ErrorOf(Line("[('a', 2, 2)]")),
            "26: expected a node before this one, a number below 2");
  EXPECT_EQ(ErrorOf(Line("[('a', 0, 2)]")),
            "23: expected a triple (operation, node, source), whose node is 2 or above");
  EXPECT_EQ(ErrorOf(Line("[('a', 2, 0), ('a', 0)]")), "31: pairs and triples are mixed");
  EXPECT_EQ(ErrorOf(Line("[('a', 0), ('a', 2, 0)]")), "28: pairs and triples are mixed");
  EXPECT_EQ(ErrorOf(Line("[[('a', 2, 0)]]")),
            "19: expected a pair: triples, as FairDARTS has them, stand in no list a node");
  EXPECT_EQ(ErrorOf(Line("[('a', 0.2, 0)]")), "24: expected ')'");
}

TEST(GenotypeDartsTest, SaysWhatMoreKeysWouldMean) {
  std::string line = Line("[]", "[]");
  line.pop_back();
  EXPECT_EQ(
      ErrorOf(line + ", connects=[1])"),
      "76: expected None: it seems to be an AutoDL-Projects genotype whose connects says what "
      "the darts space has not");
  EXPECT_EQ(ErrorOf(line + ", steps=4)"),
            "67: 'steps' is nothing that the darts space's genotypes have");
}

// Of each a million bytes: a second would be a hundred times too long.
TEST(GenotypeDartsTest, RefusesWhatIsLongOrDeepAtOnce) {
  for (const char* part :
       {"[", "(", "[(", "('a', 0), ", "#", "a", "np.int64(", "2", "'", "list("}) {
    std::string many;
    while (many.size() < 1000000) many += part;
    EXPECT_FALSE(GenotypeFromDarts(many).ok());
    EXPECT_FALSE(GenotypeFromDarts("Genotype(normal=" + many).ok());
    EXPECT_FALSE(GenotypeFromDarts("Genotype(normal=[('a', " + many).ok());
    EXPECT_FALSE(GenotypeFromDarts("Genotype(normal=[], normal_concat=" + many).ok());
  }
}

TEST(GenotypeDartsTest, AnyTruncationIsAnError) {
  for (const std::string& line :
       {std::string(kDartsV1Line), std::string(kUnevenLine), std::string(kFairLine),
        std::string(kAutoDlLine), Line("[[('a', 0)], [], (('b', 2),)]", "range(2, 5)")}) {
    ASSERT_TRUE(GenotypeFromDarts(line).ok());
    for (size_t length = 0; length < line.size(); ++length) ErrorOf(line.substr(0, length));
  }
}

TEST(GenotypeDartsTest, AnyOtherByteIsReadOrRefused) {
  for (const std::string& line : {std::string(kDartsV1Line), std::string(kUnevenLine),
                                  std::string(kFairLine), std::string(kAutoDlLine)}) {
    for (size_t i = 0; i < line.size(); ++i) {
      for (char other : {'\0', '\'', '"', '[', ']', '(', ')', ',', '=', '-', '9', ' ', '\xff'}) {
        std::string text = line;
        text[i] = other;
        const auto genotype = GenotypeFromDarts(text);
        if (!genotype.ok()) continue;
        EXPECT_EQ(GenotypeFromDarts(GenotypeToDarts(*genotype)), genotype) << text;
      }
    }
  }
}

TEST(GenotypeDartsTest, SaysAtWhichByteTheFrameIsWrong) {
  EXPECT_EQ(ErrorOf(""), "0: expected a name");
  EXPECT_EQ(ErrorOf("{\"search_space\""), "1: expected 'normal':");
  EXPECT_EQ(ErrorOf("Genotyp(normal="), "0: expected 'Genotype('");
  EXPECT_EQ(ErrorOf("X = Y(normal="), "4: expected 'Genotype('");
  EXPECT_EQ(ErrorOf("Genotype[normal="), "8: expected '('");
  EXPECT_EQ(ErrorOf("Genotype(reduce=[]"), "9: expected 'normal='");
  EXPECT_EQ(ErrorOf("Genotype(normal=1"), "16: expected a list");
  EXPECT_EQ(ErrorOf("Genotype(normal=[], reduce=[]"), "20: expected 'normal_concat='");
  EXPECT_EQ(ErrorOf("Genotype(normal=[])"), "18: expected ','");
  EXPECT_EQ(ErrorOf(std::string(kDartsV2Line) + " x"),
            absl::StrCat(std::string(kDartsV2Line).size() + 1, ": expected the end"));
}

TEST(GenotypeDartsTest, SaysAtWhichByteAnInputIsWrong) {
  EXPECT_EQ(ErrorOf(Line("[('a', 0)]")), "26: a flat list has two pairs a node");
  EXPECT_EQ(ErrorOf(Line("[('a', 0), ('b', 2)]")),
            "33: expected a node before this one, a number below 2");
  EXPECT_EQ(ErrorOf(Line("[('a', -1)]")), "23: expected a node before this one, a number below 2");
  EXPECT_EQ(ErrorOf(Line("[('a', 99999999999)]")),
            "23: expected a node before this one, a number below 2");
  EXPECT_EQ(ErrorOf(Line("[('a', )]")), "23: expected a node before this one, a number below 2");
  EXPECT_EQ(ErrorOf(Line("[[('a', 0)], [('b', 3)]]")),
            "36: expected a node before this one, a number below 3");
  EXPECT_EQ(ErrorOf(Line("[('a', 0.5)]")), "24: expected ')'");
  EXPECT_EQ(ErrorOf(Line("[('a', 0]]")), "24: expected ')'");
  EXPECT_EQ(ErrorOf(Line("[('a' 0)]")), "22: expected ','");
  EXPECT_EQ(ErrorOf(Line("[(a, 0)]")), "18: expected an operation's name in quotes");
  EXPECT_EQ(ErrorOf(Line("[('', 0)]")), "19: expected an operation's name and then '");
  EXPECT_EQ(ErrorOf(Line("[('a\", 0)]")), "19: expected an operation's name and then '");
  EXPECT_EQ(ErrorOf(Line("[('a\\'', 0)]")), "19: expected an operation's name and then '");
  EXPECT_EQ(ErrorOf(Line("[('a', 0), [('b', 0)]]")), "28: pairs and lists of pairs are mixed");
  EXPECT_EQ(ErrorOf(Line("[[('a', 0)], ('b', 0)]")), "30: pairs and lists of pairs are mixed");
  EXPECT_EQ(ErrorOf(Line("[('a', 0) ('b', 0)]")), "26: expected ']'");
}

TEST(GenotypeDartsTest, SaysAtWhichByteTheConcatIsWrong) {
  const std::string one_node = "[('a', 0), ('b', 1)]";
  EXPECT_EQ(ErrorOf(Line(one_node, "[3]")), "53: expected a node of this cell, a number below 3");
  EXPECT_EQ(ErrorOf(Line(one_node, "[2 2]")), "55: expected ']'");
  EXPECT_EQ(ErrorOf(Line(one_node, "2")), "52: expected a list");
  EXPECT_EQ(ErrorOf(Line(one_node, "ranges(2, 3)")), "52: expected a list or range()");
  EXPECT_EQ(ErrorOf(Line(one_node, "range(2, 4)")),
            "61: expected the end of the range, a number below 4");
  EXPECT_EQ(ErrorOf(Line(one_node, "range(9, 3)")),
            "58: expected the first node, a number below 4");
  EXPECT_EQ(ErrorOf(Line(one_node, "range(2)")), "59: expected ','");
}

}  // namespace
}  // namespace nap
