#include "nap/architecture/genotype_nas_bench_201.h"

#include <gtest/gtest.h>

#include <set>

namespace nap {
namespace {

TEST(GenotypeNasBench201Test, ReadsAndWritesAnArchitecture) {
  const std::string text =
      "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";
  const Genotype genotype{"nas_bench_201",
                          {{"cell",
                            {{{"nor_conv_3x3", 0}},
                             {{"avg_pool_3x3", 1}},
                             {{"skip_connect", 0}, {"nor_conv_1x1", 1}, {"nor_conv_3x3", 2}}},
                            {3}}}};
  const auto read = GenotypeFromNasBench201(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, genotype);
  EXPECT_EQ(GenotypeToNasBench201(genotype), text);
  EXPECT_EQ(*GenotypeFromNasBench201(" " + text + "\r\n"), genotype);
}

TEST(GenotypeNasBench201Test, KeepsEachOfTheSpacesCells) {
  const std::vector<std::string>& operations = NasBench201Operations();
  std::set<std::string> texts;
  for (int cell = 0; cell < 15625; ++cell) {
    int rest = cell;
    std::string text;
    size_t kept = 0;
    for (int node = 1; node <= 3; ++node) {
      text += node == 1 ? "|" : "+|";
      for (int source = 0; source < node; ++source, rest /= 5) {
        text += operations[rest % 5] + "~" + std::to_string(source) + "|";
        kept += rest % 5 != 0 ? 1 : 0;
      }
    }
    const auto genotype = GenotypeFromNasBench201(text);
    ASSERT_TRUE(genotype.ok()) << text << genotype.status();
    size_t found = 0;
    for (const auto& node : genotype->cells[0].nodes) found += node.size();
    ASSERT_EQ(found, kept) << text;
    ASSERT_EQ(GenotypeToNasBench201(*genotype), text);
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 15625u);
}

// A budget may leave more than one operation on an edge.
TEST(GenotypeNasBench201Test, WritesSeveralOperationsOfAnEdge) {
  const std::string text =
      "|skip_connect~0|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|"
      "avg_pool_3x3~2|";
  const auto genotype = GenotypeFromNasBench201(text);
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  EXPECT_EQ(genotype->cells[0].nodes[0],
            (std::vector<GenotypeInput>{{"skip_connect", 0}, {"nor_conv_3x3", 0}}));
  EXPECT_EQ(GenotypeToNasBench201(*genotype), text);
}

TEST(GenotypeNasBench201Test, SaysWhereAStringGoesWrong) {
  const auto error = [](const std::string& text) {
    const absl::Status status = GenotypeFromNasBench201(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(status.message());
  };
  const std::string prefix = "NAS-Bench-201 architecture: ";
  EXPECT_EQ(error(""), prefix + "it must have 3 nodes joined by '+', not 1");
  EXPECT_EQ(error("|a~0|+|a~0|a~1|"), prefix + "it must have 3 nodes joined by '+', not 2");
  const std::string tail = "+|a~0|a~1|+|a~0|a~1|a~2|";
  EXPECT_EQ(error("a~0" + tail), prefix + "node 1 must begin and end with '|', not be 'a~0'");
  EXPECT_EQ(error("|" + tail), prefix + "node 1 must begin and end with '|', not be '|'");
  EXPECT_EQ(error("||" + tail), prefix + "node 1 has '' instead of operation~node");
  EXPECT_EQ(error("|a|" + tail), prefix + "node 1 has 'a' instead of operation~node");
  EXPECT_EQ(error("|~0|" + tail), prefix + "node 1 has '~0' instead of operation~node");
  EXPECT_EQ(error("|a~x|" + tail), prefix + "node 1 has 'a~x' instead of operation~node");
  EXPECT_EQ(error("|a~1|" + tail),
            prefix + "node 1 must read the nodes 0 to 0 in order; 'a~1' does not fit");
  EXPECT_EQ(error("|a~0|b~1|" + tail),
            prefix + "node 1 must read the nodes 0 to 0 in order; 'b~1' does not fit");
  EXPECT_EQ(error("|a~0|+|a~1|a~0|+|a~0|a~1|a~2|"),
            prefix + "node 2 must read the nodes 0 to 1 in order; 'a~1' does not fit");
  EXPECT_EQ(error("|a~0|+|a~0|a~1|+|a~0|a~1|"), prefix + "node 3 lacks an entry for node 2");
}

}  // namespace
}  // namespace nap
