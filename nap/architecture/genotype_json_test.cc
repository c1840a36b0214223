#include "nap/architecture/genotype_json.h"

#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <string>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/random.h"

namespace nap {
namespace {

constexpr char kDartsV2Json[] = R"({
  "search_space": "darts",
  "cells": {
    "normal": {
      "nodes": [
        [["sep_conv_3x3",0],["sep_conv_3x3",1]],
        [["sep_conv_3x3",0],["sep_conv_3x3",1]],
        [["sep_conv_3x3",1],["skip_connect",0]],
        [["skip_connect",0],["dil_conv_3x3",2]]
      ],
      "concat": [2,3,4,5]
    },
    "reduce": {
      "nodes": [
        [["max_pool_3x3",0],["max_pool_3x3",1]],
        [["skip_connect",2],["max_pool_3x3",1]],
        [["max_pool_3x3",0],["skip_connect",2]],
        [["skip_connect",2],["max_pool_3x3",1]]
      ],
      "concat": [2,3,4,5]
    }
  }
}
)";

// A genotype whose normal cell is `cell`.
std::string WithCell(const std::string& cell) {
  return R"({"search_space": "darts", "cells": {"normal": )" + cell + "}}";
}

std::string ErrorOf(const std::string& text) {
  const auto genotype = GenotypeFromJson(text);
  EXPECT_TRUE(absl::IsInvalidArgument(genotype.status())) << text;
  EXPECT_FALSE(absl::StrContains(genotype.status().message(), '\n')) << text;
  return std::string(genotype.status().message());
}

TEST(GenotypeJsonTest, WritesANodeALine) { EXPECT_EQ(GenotypeToJson(DartsV2()), kDartsV2Json); }

TEST(GenotypeJsonTest, ReadsAnyLayout) {
  for (const std::string& text :
       {std::string(kDartsV2Json), absl::StrReplaceAll(kDartsV2Json, {{"\n", ""}, {" ", ""}}),
        absl::StrReplaceAll(kDartsV2Json, {{"\n", "\r\n\t"}, {",", " , "}})}) {
    const auto genotype = GenotypeFromJson(text);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    EXPECT_EQ(*genotype, DartsV2());
  }
}

TEST(GenotypeJsonTest, ReadsBackWhatItWrote) {
  RandomStream random({1});
  for (int i = 0; i < 200; ++i) {
    const Genotype genotype = RandomGenotype(random, 1 + i % 6);
    const auto read = GenotypeFromJson(GenotypeToJson(genotype));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, genotype);
  }
}

TEST(GenotypeJsonTest, KeepsTheOrderOfTheCellsAndAnyName) {
  const Genotype genotype{"my \"space\"",
                          {{"z\\", {{{"op\n\"1\"", 0}}, {}}, {1}}, {"ä", {}, {}}, {"a", {}, {}}}};
  const auto read = GenotypeFromJson(GenotypeToJson(genotype));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, genotype);
  const Genotype empty{"", {}};
  EXPECT_EQ(GenotypeFromJson(GenotypeToJson(empty)).value(), empty);
}

TEST(GenotypeJsonTest, AnyTruncationIsAnError) {
  const std::string whole = GenotypeToJson(DartsV2());
  for (size_t length = 0; length < whole.size() - 1; ++length) {
    EXPECT_EQ(ErrorOf(whole.substr(0, length)),
              "genotype JSON: the text ends too early (truncated?)");
  }
}

TEST(GenotypeJsonTest, AnyOtherByteIsReadOrRefused) {
  const std::string whole = GenotypeToJson(DartsV2());
  for (size_t i = 0; i < whole.size(); ++i) {
    for (char other : {'\0', '"', '[', '}', ',', '-', '9', 'e', '\\', '\xff'}) {
      std::string text = whole;
      text[i] = other;
      const auto genotype = GenotypeFromJson(text);
      if (genotype.ok()) GenotypeToJson(*genotype);
    }
  }
}

TEST(GenotypeJsonTest, SaysWhereItIsNotJson) {
  EXPECT_EQ(ErrorOf("{]"), "genotype JSON: byte 1 is not valid JSON");
  EXPECT_EQ(ErrorOf("Genotype(normal=[])"), "genotype JSON: byte 0 is not valid JSON");
  EXPECT_EQ(ErrorOf("{}\n{}"), "genotype JSON: byte 3 is not valid JSON");
  EXPECT_EQ(ErrorOf("{\"\xff\": 1}"), "genotype JSON: byte 2 is not valid JSON");
  EXPECT_EQ(ErrorOf("[1e999]"), "genotype JSON: the text has a number that is too large");
  EXPECT_EQ(ErrorOf(std::string(100'000, '[')),
            "genotype JSON: the text ends too early (truncated?)");
}

TEST(GenotypeJsonTest, SaysWhichKeyIsWrong) {
  EXPECT_EQ(ErrorOf("[]"), "genotype JSON: the top level must be an object");
  EXPECT_EQ(ErrorOf("{}"), "genotype JSON: the top level lacks the key 'cells'");
  EXPECT_EQ(ErrorOf(R"({"cells": {}})"),
            "genotype JSON: the top level lacks the key 'search_space'");
  EXPECT_EQ(ErrorOf(R"({"search_space": "darts", "cells": {}, "sells": 1})"),
            "genotype JSON: the top level has the unknown key 'sells'");
  EXPECT_EQ(ErrorOf(R"({"a\nb": 1})"),
            R"(genotype JSON: the top level has the unknown key 'a\nb')");
  EXPECT_EQ(ErrorOf(WithCell(R"({"nodes": []})")),
            "genotype JSON: cells.normal lacks the key 'concat'");
  EXPECT_EQ(ErrorOf(WithCell(R"({"nodes": [], "concat": [], "edges": []})")),
            "genotype JSON: cells.normal has the unknown key 'edges'");
  EXPECT_EQ(ErrorOf(R"({"search_space": "darts", "cells": {"normal": 1, "normal": 2}})"),
            "genotype JSON: the key 'normal' stands twice in one object");
}

TEST(GenotypeJsonTest, SaysWhichTypeIsWrong) {
  EXPECT_EQ(ErrorOf(R"({"search_space": 1, "cells": {}})"),
            "genotype JSON: search_space must be a string");
  EXPECT_EQ(ErrorOf(R"({"search_space": "darts", "cells": []})"),
            "genotype JSON: cells must be an object");
  EXPECT_EQ(ErrorOf(WithCell("null")), "genotype JSON: cells.normal must be an object");
  EXPECT_EQ(ErrorOf(WithCell(R"({"nodes": {}, "concat": []})")),
            "genotype JSON: cells.normal.nodes must be a list");
  EXPECT_EQ(ErrorOf(WithCell(R"({"nodes": [], "concat": "2"})")),
            "genotype JSON: cells.normal.concat must be a list");
  EXPECT_EQ(ErrorOf(WithCell(R"({"nodes": [[], "x"], "concat": []})")),
            "genotype JSON: cells.normal.nodes[1] must be a list");
}

TEST(GenotypeJsonTest, SaysWhichInputIsWrong) {
  for (const char* input : {"1", "[]", R"(["skip_connect"])", R"(["skip_connect", 0, 0])",
                            "[0, \"skip_connect\"]", R"({"skip_connect": 0})"}) {
    EXPECT_EQ(ErrorOf(WithCell(std::string(R"({"nodes": [[["max_pool_3x3", 0], )") + input +
                               "]], \"concat\": []}")),
              "genotype JSON: cells.normal.nodes[0][1] must be a pair of an operation and a node, "
              "as [\"skip_connect\", 0]");
  }
  for (const char* node : {"-1", "1001", "2.0", "1e3", "\"0\"", "null", "true", "4294967296",
                           "18446744073709551615", "-9223372036854775808", "1e30"}) {
    EXPECT_EQ(ErrorOf(WithCell(std::string(R"({"nodes": [[["max_pool_3x3", )") + node +
                               "]]], \"concat\": []}")),
              "genotype JSON: cells.normal.nodes[0][0][1] must be the number of a node");
    EXPECT_EQ(ErrorOf(WithCell(std::string(R"({"nodes": [], "concat": [2, )") + node + "]}")),
              "genotype JSON: cells.normal.concat[1] must be the number of a node");
  }
}

// They contribute nothing, wherever they come from; their places count in messages.
// Of each a million bytes: what takes their square, or a stack, does not end well.
TEST(GenotypeJsonTest, RefusesWhatIsLongOrDeepAtOnce) {
  for (const char* part : {"{\"a\":", "[", "[{\"a\":", "\"", "{\"cells\": [", "9"}) {
    std::string many;
    while (many.size() < 1000000) many += part;
    EXPECT_FALSE(GenotypeFromJson(many).ok());
  }
  std::string keys = "{\"cells\": 1";
  for (int i = 0; keys.size() < 1000000; ++i) absl::StrAppend(&keys, ",\"", i, "\":1");
  EXPECT_EQ(ErrorOf(keys + "}"),
            "genotype JSON: the text has an object of more than 1000 keys, which no genotype has");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  deep += "1";
  for (int i = 0; i < 100000; ++i) deep += "}";
  EXPECT_FALSE(GenotypeFromJson(deep).ok());
}

TEST(GenotypeJsonTest, LeavesOutWhatIsNothing) {
  const auto read = GenotypeFromJson(
      R"({"search_space": "darts", "cells": {"normal": {"nodes": [[["none", 0], ["a", 1], ["a", 1]], [["none", 2]]], "concat": [2, 3]}}})");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->cells[0].nodes,
            (std::vector<std::vector<GenotypeInput>>{{{"a", 1}, {"a", 1}}, {}}));
  EXPECT_EQ(*GenotypeFromJson(GenotypeToJson(*read)), *read);
}

}  // namespace
}  // namespace nap
