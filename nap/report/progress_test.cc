#include "nap/report/progress.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "nap/report/duration.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

TEST(FormatDurationTest, SaysWhatAPersonWould) {
  EXPECT_EQ(FormatDuration(0.2), "0 s");
  EXPECT_EQ(FormatDuration(59.4), "59 s");
  EXPECT_EQ(FormatDuration(59.6), "1 min 00 s");
  EXPECT_EQ(FormatDuration(754), "12 min 34 s");
  EXPECT_EQ(FormatDuration(3 * 3600 + 5 * 60 + 7), "3 h 05 min");
}

// What a file or a pipe gets of an epoch whose genotype is this.
std::string LinesOf(const std::string& search_space, const Genotype& genotype) {
  const CandidateSpace space{{CellTopology::Dense("normal", 2, 1, 1)},
                             {{"none", true}, {"a"}, {"b"}}};
  std::FILE* file = std::tmpfile();
  EXPECT_NE(file, nullptr);
  Progress progress(file);
  progress.Step({1, 2, 10, 20, 2.5, 0.125, 0, 64, 9, 6});
  progress.Epoch({1,
                  2,
                  0.025,
                  1.5,
                  0.25,
                  1.25,
                  1.75,
                  0.5,
                  61,
                  {2},
                  1000,
                  2000,
                  3,
                  {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {0, 0, 2}},
                  {},
                  ScoreTable(space),
                  ScoreTable(space),
                  genotype},
                 **MakeSearchSpace(search_space), space);
  std::rewind(file);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// Whole lines, and no step line at once.
TEST(ProgressTest, WritesPlainLinesToAFile) {
  EXPECT_EQ(LinesOf("darts", {}),
            "epoch 1/2 done in 1 min 01 s: train loss 1.500, accuracy 25.0 %; validation loss "
            "1.750, accuracy 50.0 %; 2 operations alive\n"
            "  broken images, left out: 3\n"
            "  pruned: normal 2 a, 1 b\n");
}

// spaces_for_tests.cc.
TEST(ProgressTest, NamesTheCellWhereItHasAName) {
  const Genotype genotype{"three_inputs", {{"cell", {{{"a", 2}}, {{"b", 3}}}, {3, 4}}}};
  EXPECT_NE(LinesOf("three_inputs", genotype).find("\n  cell now: three: a from 2; b from 3\n"),
            std::string::npos);
  EXPECT_EQ(LinesOf("plain", genotype).find("cell now"), std::string::npos);
}

}  // namespace
}  // namespace nap
