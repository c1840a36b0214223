#include "nap/architecture/drawing.h"

#include <absl/status/status.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/files.h"
#include "nap/base/random.h"

namespace nap {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Genotype WithUnusedInput() {
  return {
      "darts",
      {{"normal",
        {{{"sep_conv_3x3", 1}}, {{"skip_connect", 1}, {"sep_conv_5x5", 2}, {"dil_conv_3x3", 2}}},
        {2, 3}}}};
}

TEST(CellToTextTest, HasALineANode) {
  EXPECT_EQ(CellToText(DartsV2().cells[0], 2), R"(normal cell
  node 2 = sep_conv_3x3(c_{k-2}) + sep_conv_3x3(c_{k-1})
  node 3 = sep_conv_3x3(c_{k-2}) + sep_conv_3x3(c_{k-1})
  node 4 = sep_conv_3x3(c_{k-1}) + skip_connect(c_{k-2})
  node 5 = skip_connect(c_{k-2}) + dil_conv_3x3(node 2)
  output = concat(node 2, node 3, node 4, node 5)
)");
}

TEST(CellToTextTest, SaysWhatIsNotUsed) {
  EXPECT_EQ(CellToText(WithUnusedInput().cells[0], 2), R"(normal cell
  node 2 = sep_conv_3x3(c_{k-1})
  node 3 = skip_connect(c_{k-1}) + sep_conv_5x5(node 2) + dil_conv_3x3(node 2)
  output = concat(node 2, node 3)
  c_{k-2} is not used
)");
  EXPECT_EQ(CellToText({"lone", {{}}, {1}}, 1), R"(lone cell
  node 1 = nothing
  output = concat(node 1)
  c_{k-1} is not used
)");
}

TEST(CellToTextTest, CallsAnOnlyCellByNoOtherName) {
  const CellGenotype cell{"cell", {{{"skip_connect", 0}}}, {1}};
  EXPECT_EQ(CellToText(cell, 1),
            "cell\n  node 1 = skip_connect(c_{k-1})\n  output = concat(node 1)\n");
  EXPECT_THAT(GenotypeToDot({"nas_bench_201", {cell}}, {1}), HasSubstr("label=\"cell\";\n"));
}

TEST(GenotypeToDotTest, DrawsEveryInputNodeAndOperation) {
  const std::string dot = GenotypeToDot(WithUnusedInput(), {2, 2});
  EXPECT_THAT(dot, StartsWith("digraph genotype {\n  rankdir=LR;\n"));
  EXPECT_THAT(dot, EndsWith("}\n"));
  EXPECT_THAT(dot, HasSubstr("subgraph \"cluster_normal\" {\n    label=\"normal cell\";\n"));
  EXPECT_THAT(dot, HasSubstr("\"normal_0\" [label=\"c_{k-2}\\nnot used\", fillcolor="));
  EXPECT_THAT(dot, Not(HasSubstr("dashed")));
  EXPECT_THAT(dot, HasSubstr("\"normal_1\" [label=\"c_{k-1}\", fillcolor="));
  EXPECT_THAT(dot, HasSubstr("\"normal_2\" [label=\"2\"];"));
  EXPECT_THAT(dot, HasSubstr("\"normal_4\" [label=\"c_{k}\""));
  // Nodes between two halves of an edge, since dot leads other edges through labels.
  EXPECT_THAT(dot, HasSubstr("\"normal:0\" [label=\"sep_conv_3x3\", shape=plaintext"));
  EXPECT_THAT(dot, HasSubstr("\"normal_1\" -> \"normal:0\" [arrowhead=none];\n"));
  EXPECT_THAT(dot, HasSubstr("\"normal:0\" -> \"normal_2\" [];\n"));
  EXPECT_THAT(dot, HasSubstr("\"normal_1\" -> \"normal:1\" ["));
  EXPECT_THAT(dot, HasSubstr("\"normal_2\" -> \"normal:2\" ["));
  EXPECT_THAT(dot, HasSubstr("\"normal_2\" -> \"normal:3\" ["));
  EXPECT_THAT(dot, HasSubstr("\"normal:3\" [label=\"dil_conv_3x3\""));
  EXPECT_THAT(dot, HasSubstr("\"normal:3\" -> \"normal_3\" ["));
  EXPECT_THAT(dot, HasSubstr("\"normal_2\" -> \"normal_4\" ["));
  EXPECT_THAT(dot, HasSubstr("\"normal_3\" -> \"normal_4\" ["));
  EXPECT_THAT(dot, Not(HasSubstr("\"normal_0\" ->")));
}

TEST(GenotypeToDotTest, GivesEdgesAClass) {
  const auto class_of = [](const std::string& operation) { return "of_" + operation; };
  const std::string dot = GenotypeToDot(WithUnusedInput(), {2, 2}, class_of);
  EXPECT_THAT(dot, HasSubstr("\"normal_1\" -> \"normal:0\" [arrowhead=none, "
                             "class=\"of_sep_conv_3x3\"];"));
  EXPECT_THAT(dot, HasSubstr("\"normal:0\" -> \"normal_2\" [class=\"of_sep_conv_3x3\"];"));
  EXPECT_THAT(dot, Not(HasSubstr("\"normal_2\" -> \"normal_4\" [class")));
}

class RenderSvgTest : public ::testing::Test {
 protected:
  // Skips the test where Graphviz is missing.
  void SetUp() override {
    WriteDot("digraph {}");
    if (absl::IsNotFound(Render())) GTEST_SKIP() << "Graphviz is not installed";
  }

  void WriteDot(const std::string& dot) { ASSERT_TRUE(WriteFileAtomically(dot_file_, dot).ok()); }
  absl::Status Render() const { return RenderSvg(dot_file_, svg_file_); }

  const std::string dot_file_ = ::testing::TempDir() + "/cells.dot";
  const std::string svg_file_ = ::testing::TempDir() + "/cells.svg";
};

TEST_F(RenderSvgTest, DrawsAnyGenotype) {
  RandomStream random({1});
  Genotype odd = WithUnusedInput();
  odd.cells[0].name = "a \"b\" \\";
  odd.cells[0].nodes[0][0].operation = "\\\"op\"";
  for (const Genotype& genotype : {DartsV2(), WithUnusedInput(), odd, RandomGenotype(random, 4)}) {
    SCOPED_TRACE(genotype.cells[0].name);
    WriteDot(GenotypeToDot(genotype, {2, 2}));
    const absl::Status drawn = Render();
    ASSERT_TRUE(drawn.ok()) << drawn;
    const auto svg = ReadFile(svg_file_);
    ASSERT_TRUE(svg.ok()) << svg.status();
    EXPECT_THAT(*svg, HasSubstr(">" + genotype.cells[0].nodes.back()[0].operation + "<"));
  }
}

TEST_F(RenderSvgTest, DrawsSeveralGraphsInOrder) {
  const auto svgs = DotToSvg("digraph { first } digraph { second [class=\"mine\"] }");
  ASSERT_TRUE(svgs.ok()) << svgs.status();
  const size_t end = svgs->find("</svg>");
  EXPECT_LT(svgs->find(">first<"), end);
  EXPECT_GT(svgs->find(">second<"), end);
  EXPECT_THAT(*svgs, HasSubstr("class=\"node mine\""));
  EXPECT_THAT(std::string(DotToSvg("digraph { a -> }").status().message()),
              StartsWith("dot cannot draw the graph: "));
}

TEST_F(RenderSvgTest, SaysWhatDotSays) {
  WriteDot("digraph { \"a\" -> }");
  const absl::Status drawn = Render();
  EXPECT_TRUE(absl::IsUnavailable(drawn));
  const std::string message(drawn.message());
  EXPECT_THAT(message, StartsWith("dot cannot draw " + dot_file_ + ": "));
  EXPECT_THAT(message, HasSubstr("syntax error in line 1"));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  EXPECT_THAT(std::string(RenderSvg("missing.dot", svg_file_).message()),
              StartsWith("dot cannot draw missing.dot: "));
}

TEST_F(RenderSvgTest, SaysThatItCannotWrite) {
  const std::string below = dot_file_ + "/cells.svg";
  EXPECT_EQ(RenderSvg(dot_file_, below).message(),
            "cannot create " + below + ".tmp: Not a directory");
}

TEST(RenderSvgWithoutGraphvizTest, IsNotFound) {
  const char* path = std::getenv("PATH");
  const std::string old = path == nullptr ? "" : path;
  ASSERT_EQ(::setenv("PATH", ::testing::TempDir().c_str(), 1), 0);
  const absl::Status drawn = RenderSvg("cells.dot", "cells.svg");
  ::setenv("PATH", old.c_str(), 1);
  EXPECT_TRUE(absl::IsNotFound(drawn)) << drawn;
}

}  // namespace
}  // namespace nap
