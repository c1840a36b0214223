#include "nap/architecture/genotype_texts.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nap {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(GenotypeTextsTest, FindsCallsInLogsAndPython) {
  EXPECT_THAT(DartsTextsIn("INFO genotype = Genotype(normal=[('a', 0)]) 12 s\nx"),
              ElementsAre("Genotype(normal=[('a', 0)])"));
  EXPECT_THAT(DartsTextsIn(R"(from collections import namedtuple
Genotype = namedtuple('Genotype', 'normal normal_concat')

A = genotypes.Genotype(  # first ( of all
  normal = [  # 'step 1
    ('a)', 0)])

def genotype(self):
  return Genotype(normal=self.normal, normal_concat=concat)

# OLD = Genotype(normal=[('c', 0)])
B = Genotype(normal=(('b', 0),))
)"),
              ElementsAre("Genotype(  # first ( of all\n  normal = [  # 'step 1\n    ('a)', 0)])",
                          "Genotype(normal=(('b', 0),))"));
  EXPECT_THAT(DartsTextsIn("MyGenotype(normal=[]) Genotypes(normal=[])"), IsEmpty());
}

TEST(GenotypeTextsTest, GivesCodeAndCommentsWhereThereIsNothingElse) {
  EXPECT_THAT(DartsTextsIn("return Genotype(normal=x)"), ElementsAre("Genotype(normal=x)"));
  EXPECT_THAT(DartsTextsIn(" # Genotype(normal=[])"), ElementsAre("Genotype(normal=[])"));
}

TEST(GenotypeTextsTest, ADamagedCallEndsWhereTheNextBegins) {
  EXPECT_THAT(DartsTextsIn("a=Genotype(normal=[('x\nb=Genotype(normal=[])"),
              ElementsAre("Genotype(normal=[('x\nb=", "Genotype(normal=[])"));
}

TEST(GenotypeTextsTest, FindsDictionariesOfCells) {
  EXPECT_THAT(
      DartsTextsIn("epoch 3 {'loss': 1} genotype : {'normal': [(('a', 0, 0.5),)], 'x': 1} 2\n"
                   "{ # last\n\"normal\" : ((\"b\"} {'normal': {'nodes': []}}"),
      ElementsAre("{'normal': [(('a', 0, 0.5),)], 'x': 1}", "{ # last\n\"normal\" : ((\"b\"}"));
  // A call with data is what is meant.
  EXPECT_THAT(DartsTextsIn("{'normal': []} Genotype(normal=[])"),
              ElementsAre("Genotype(normal=[])"));
  EXPECT_THAT(DartsTextsIn("{'normal': []} Genotype(normal=x)"), ElementsAre("{'normal': []}"));
}

TEST(GenotypeTextsTest, FindsWhatNniExports) {
  EXPECT_THAT(NniTextsIn("{'x': 1} arch {'normal/op_2_0': 'a'} {\"normal_n2_p0\": \"b\"} {}"),
              ElementsAre("{'normal/op_2_0': 'a'}", "{\"normal_n2_p0\": \"b\"}"));
  EXPECT_THAT(NniTextsIn("{\"a\": {\"normal/op_2_0\": 1"), ElementsAre("{\"normal/op_2_0\": 1"));
}

TEST(GenotypeTextsTest, FindsArchitectureStrings) {
  EXPECT_THAT(NasBench201TextsIn("epoch 1 | loss 2 | Structure(4 nodes with |a~0|+|b~0|c~1|)\n"
                                 "|d~0|+|none~0|e-1.x~1|, 93.1 %"),
              ElementsAre("|a~0|+|b~0|c~1|", "|d~0|+|none~0|e-1.x~1|"));
  EXPECT_THAT(NasBench201TextsIn("a | b\n"), IsEmpty());
  // Damaged: what is wrong is the reader's to say.
  EXPECT_THAT(NasBench201TextsIn(" |a|+\n"), ElementsAre("|a|+"));
  EXPECT_THAT(NasBench201TextsIn("| x"), ElementsAre("| x"));
}

TEST(GenotypeTextsTest, KnowsTheNamesThatAreAssigned) {
  const std::string text = "A = Genotype(normal=[]) b='|x~0|' INFO: pkg.Genotype(normal=[])";
  const auto calls = DartsTextsIn(text);
  EXPECT_EQ(NameOf(calls[0], text, 0), "A");
  EXPECT_EQ(NameOf(NasBench201TextsIn(text)[0], text, 0), "b");
  EXPECT_EQ(NameOf(calls[1], text, 0), "");
}

// Of each a million bytes: what takes their square does not end.
TEST(GenotypeTextsTest, TakesTimeThatIsLinearInTheText) {
  for (const char* part :
       {"Genotype(", "Genotype", "Genotype (", "'Genotype(", "#Genotype(", "#", "{", "{normal/op_",
        "normal/op_", "}", "|", "|~", "a~0", "x=|~0| ", "Genotype(normal=[", "\n", "a="}) {
    std::string many;
    while (many.size() < 1000000) many += part;
    size_t seen = 0;
    for (const auto& texts : {DartsTextsIn(many), NniTextsIn(many), NasBench201TextsIn(many)}) {
      size_t begin = 0;
      for (const absl::string_view text : texts) {
        NameOf(text, many, begin);
        begin = text.data() - many.data();
      }
      seen += texts.size();
    }
    EXPECT_LE(seen, many.size());
  }
}

}  // namespace
}  // namespace nap
