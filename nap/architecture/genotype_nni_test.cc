#include "nap/architecture/genotype_nni.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <string>

#include "nap/architecture/genotypes_for_tests.h"

namespace nap {
namespace {

// DARTS_V2 as NNI 3 has it.
std::string NewText() {
  std::string text = R"({"width": 36, "num_cells": 20)";
  for (const CellGenotype& cell : DartsV2().cells) {
    for (int node = 2; node < 6; ++node) {
      for (int i = 0; i < 2; ++i) {
        const GenotypeInput& input = cell.nodes[node - 2][i];
        absl::StrAppend(&text, ", \"", cell.name, "/op_", node, "_", i, "\": \"", input.operation,
                        "\", \"", cell.name, "/input_", node, "_", i, "\": [", input.source, "]");
      }
    }
  }
  return text + "}";
}

// What an older version exported: each node reads its first inputs.
std::string OldText() {
  std::string text = "{";
  const char* separator = "";
  for (const char* cell : {"normal", "reduce"}) {
    for (int node = 2; node < 6; ++node) {
      const std::string prefix = absl::StrCat("\"", cell, "_n", node, "_");
      for (int i = 0; i < node; ++i) {
        absl::StrAppend(&text, separator, prefix, "p", i, "\": ",
                        i == 0   ? "\"sepconv3x3\""
                        : i == 1 ? "\"skipconnect\""
                                 : "[]");
        separator = ", ";
      }
      absl::StrAppend(&text, ", ", prefix, "switch\": [", prefix, "p0\", ", prefix, "p1\"]");
    }
  }
  return text + "}";
}

std::string ErrorOf(const std::string& text) {
  const auto genotype = GenotypeFromNni(text);
  EXPECT_TRUE(absl::IsInvalidArgument(genotype.status())) << text;
  return std::string(genotype.status().message());
}

TEST(GenotypeNniTest, ReadsTheNewForm) {
  for (const std::string& text : {NewText(), absl::StrReplaceAll(NewText(), {{"\"", "'"}}),
                                  absl::StrReplaceAll(NewText(), {{"[", ""}, {"]", ""}})}) {
    const auto genotype = GenotypeFromNni(text);
    ASSERT_TRUE(genotype.ok()) << genotype.status() << text;
    EXPECT_EQ(*genotype, DartsV2());
  }
}

TEST(GenotypeNniTest, ReadsTheOldForm) {
  const auto genotype = GenotypeFromNni(OldText());
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  const std::vector<GenotypeInput> node = {{"sep_conv_3x3", 0}, {"skip_connect", 1}};
  EXPECT_EQ(*genotype, (Genotype{"darts",
                                 {{"normal", {node, node, node, node}, {2, 3, 4, 5}},
                                  {"reduce", {node, node, node, node}, {2, 3, 4, 5}}}}));
  EXPECT_EQ(GenotypeFromNni(absl::StrReplaceAll(
                OldText(), {{"[\"normal_n2_p0\", \"normal_n2_p1\"]", "[0, 1]"}})),
            genotype);
}

// The oldest form, of NNI 1.x, has the place of an operation and of an input.
TEST(GenotypeNniTest, ReadsCountsAndMarks) {
  const auto genotype = GenotypeFromNni(OldText());
  ASSERT_TRUE(genotype.ok()) << genotype.status();
  EXPECT_EQ(GenotypeFromNni(absl::StrReplaceAll(
                OldText(), {{"\"sepconv3x3\"", "3"}, {"\"skipconnect\"", "2"}})),
            genotype);
  const std::string marks = absl::StrReplaceAll(
      OldText(), {{"\"sepconv3x3\"", "[false, false, false, true, false, false, false]"},
                  {"\"skipconnect\"", "[false, false, true, false, false, false, false]"},
                  {"[\"normal_n2_p0\", \"normal_n2_p1\"]", "[true, true]"},
                  {"[\"reduce_n4_p0\", \"reduce_n4_p1\"]", "[true, true, false, false]"}});
  EXPECT_EQ(GenotypeFromNni(marks), genotype);
  EXPECT_EQ(GenotypeFromNni(
                absl::StrReplaceAll(marks, {{"\"", "'"}, {"true", "True"}, {"false", "False"}})),
            genotype);
  const std::string words =
      "genotype JSON: 'normal_n2_p0' must be the name of an operation, or which of NNI's 7 it is: "
      "a number from 0, or one true among 7";
  for (const char* other :
       {"7", "-1", "2.5", "[]", "[false, true]", "[true, true, false, false, false, false, false]",
        "[true, 0, 0, 0, 0, 0, 0]", "[true, false, false, false, false, false, false, false]"}) {
    EXPECT_EQ(
        ErrorOf(absl::StrReplaceAll(OldText(), {{"\"normal_n2_p0\": \"sepconv3x3\"",
                                                 absl::StrCat("\"normal_n2_p0\": ", other)}})),
        words);
  }
  EXPECT_EQ(ErrorOf(absl::StrReplaceAll(
                OldText(), {{"[\"normal_n3_p0\", \"normal_n3_p1\"]", "[true, true]"}})),
            "genotype JSON: 'normal_n3_switch' must name keys as normal_n3_p0");
}

TEST(GenotypeNniTest, RefusesWhatHasNoClearMeaning) {
  EXPECT_EQ(ErrorOf(R"({"normal/op_2_0": "a", "normal/op_6_0": "a"})"),
            "genotype JSON: the file seems to be of NNI's NASNet, ENAS, AmoebaNet or PNAS space, "
            "which have more nodes than its DARTS space: what a cell's output is made of there is "
            "not in the file");
  EXPECT_EQ(ErrorOf(R"({"normal_n2_p0": "maxpool"})"),
            "genotype JSON: what NNI exports lacks the key 'normal_n2_switch'");
}

TEST(GenotypeNniTest, SaysWhatIsWrong) {
  const std::string text = NewText();
  EXPECT_EQ(ErrorOf(absl::StrReplaceAll(
                text, {{"\"normal/input_2_0\": [0]", "\"normal/input_2_0\": [2]"}})),
            "genotype JSON: 'normal/input_2_0' must be a node before this one, below 2, as [0]");
  EXPECT_EQ(ErrorOf(absl::StrReplaceAll(text, {{"\"width\"", "\"dropout\""}})),
            "genotype JSON: 'dropout' is no key of NNI's DARTS space");
  EXPECT_EQ(ErrorOf(R"({"normal/op_2_0": 3, "normal/input_2_0": 0})"),
            "genotype JSON: 'normal/op_2_0' must be the name of an operation");
  EXPECT_EQ(ErrorOf(absl::StrReplaceAll(OldText(), {{"[\"normal_n3_p0\"", "[\"normal_n2_p0\""}})),
            "genotype JSON: 'normal_n3_switch' must name keys as normal_n3_p0");
  EXPECT_EQ(ErrorOf("[1]"), "genotype JSON: what NNI exports must be an object");
}

TEST(GenotypeNniTest, AnyTruncationIsAnError) {
  for (const std::string& text : {NewText(), OldText()}) {
    for (size_t length = 0; length < text.size(); ++length) ErrorOf(text.substr(0, length));
  }
}

TEST(GenotypeNniTest, AnyOtherByteIsReadOrRefused) {
  for (const std::string& text : {NewText(), OldText()}) {
    for (size_t i = 0; i < text.size(); ++i) {
      for (const char other : {'\0', '"', '[', '}', ',', '9', '\xff'}) {
        std::string damaged = text;
        damaged[i] = other;
        const auto genotype = GenotypeFromNni(damaged);
        EXPECT_TRUE(genotype.ok() || absl::IsInvalidArgument(genotype.status())) << damaged;
      }
    }
  }
}

}  // namespace
}  // namespace nap
