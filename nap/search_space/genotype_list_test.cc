#include "nap/search_space/genotype_list.h"

#include <gtest/gtest.h>

#include "nap/base/files.h"

namespace nap {
namespace {

constexpr char kDarts[] =
    "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0)], normal_concat=[2], "
    "reduce=[('max_pool_3x3', 0), ('skip_connect', 1)], reduce_concat=range(2, 3))";
constexpr char kBench[] =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|";

absl::StatusOr<std::vector<ListedGenotype>> Read(const std::string& content) {
  const std::string file = testing::TempDir() + "/list.csv";
  EXPECT_TRUE(WriteFileAtomically(file, content).ok());
  return ReadGenotypeList(file);
}

std::string ErrorOf(const std::string& content) {
  const auto list = Read(content);
  return list.ok() ? "no error" : std::string(list.status().message());
}

TEST(GenotypeListTest, ReadsDartsLines) {
  const std::string line = kDarts;
  for (const std::string& content : {line + "\n\n# nothing\n" + line, line + "\r\n" + line + "\r\n",
                                     "\"" + line + "\"\n" + line + ",\n"}) {
    const auto list = Read(content);
    ASSERT_TRUE(list.ok()) << list.status();
    ASSERT_EQ(list->size(), 2u);
    EXPECT_EQ((*list)[0].text, line);
    EXPECT_EQ((*list)[0].genotype.search_space, "darts:nodes=1");
    EXPECT_EQ((*list)[1].genotype, (*list)[0].genotype);
    EXPECT_FALSE((*list)[1].accuracy.has_value());
  }
}

// That of a search space of somebody else's, and genotype.json's; commas within brackets or quotes
// are theirs.
TEST(GenotypeListTest, ReadsWhateverSearchSpacesWrite) {
  const auto named = Read("cell, accuracy\n\"three: a from 0, b from 2\", 95\nthree: a from 1,96");
  ASSERT_TRUE(named.ok()) << named.status();
  ASSERT_EQ(named->size(), 2u);
  EXPECT_EQ((*named)[0].genotype.cells[0].nodes[0].size(), 2u);
  EXPECT_EQ((*named)[1].text, "three: a from 1");
  const auto json = Read(
      R"({"search_space": "darts", "cells": {"normal": {"nodes": [[["a", 0], ["b", 1]]], "concat": [2]}}}, 95)");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ((*json)[0].genotype.cells[0].nodes[0][1].operation, "b");
  EXPECT_EQ(*(*json)[0].accuracy, 95);
}

TEST(GenotypeListTest, ReadsTables) {
  const std::string line = kDarts;
  const auto list =
      Read("genotype,accuracy,epochs\n\"" + line + "\",97.25,600\n\n" + line + ", 96.5\n");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].line, 2);
  EXPECT_EQ(*(*list)[0].accuracy, 97.25);
  EXPECT_EQ((*list)[1].line, 4);
  EXPECT_EQ(*(*list)[1].accuracy, 96.5);
}

TEST(GenotypeListTest, ReadsNasBench201) {
  const auto list = Read(std::string(kBench) + ",94.2\n\"" + kBench + "\",93");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ((*list)[0].text, kBench);
  EXPECT_EQ((*list)[0].genotype.search_space, "nas_bench_201");
  EXPECT_EQ(*(*list)[0].accuracy, 94.2);
  EXPECT_EQ(*(*list)[1].accuracy, 93);
  // Whatever stands in the columns that are passed over.
  for (const char* more : {"a|b", "run (2)", "\"c\""}) {
    EXPECT_TRUE(Read(std::string(kBench) + ",94," + more).ok()) << more;
    EXPECT_TRUE(Read(std::string(kDarts) + ",94," + more).ok()) << more;
  }
  EXPECT_EQ(Read("architecture,accuracy (%)\n" + std::string(kBench) + ",94")->size(), 1u);
}

// A double quote within quotes is written twice.
TEST(GenotypeListTest, ReadsQuotesWithinQuotes) {
  std::string line = kDarts;
  for (size_t at = line.find('\''); at != std::string::npos; at = line.find('\'')) {
    line.replace(at, 1, "\"\"");
  }
  const auto list = Read("\"" + line + "\",1");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ((*list)[0].genotype, Read(kDarts)->front().genotype);
}

TEST(GenotypeListTest, SaysWhichLineIsWrong) {
  const std::string line = kDarts;
  EXPECT_NE(ErrorOf(line + "\nGenotype(normal=3)\n").find("list.csv, line 2: DARTS genotype"),
            std::string::npos);
  EXPECT_NE(ErrorOf(line + ",ninety").find("line 1: the accuracy 'ninety' is not a number"),
            std::string::npos);
  EXPECT_NE(ErrorOf(line + ",nan").find("line 1: the accuracy 'nan' is not a number"),
            std::string::npos);
  EXPECT_NE(ErrorOf(line + ",97\n" + line).find("line 2: has no accuracy, unlike line 1"),
            std::string::npos);
  EXPECT_NE(ErrorOf(line + "\n" + kBench).find("line 2: is of the search space nas_bench_201"),
            std::string::npos);
  EXPECT_NE(ErrorOf("\"" + line).find("line 1: a quote has no end"), std::string::npos);
  EXPECT_NE(ErrorOf("\"" + line + "\"97").find("line 1: something stands behind"),
            std::string::npos);
  EXPECT_NE(ErrorOf("DARTS_V2\n").find("line 1: "), std::string::npos);
  EXPECT_NE(ErrorOf("architecture\n\n").find("has no architecture"), std::string::npos);
  EXPECT_NE(ErrorOf("architecture\nDARTS\n").find("line 2: "), std::string::npos);
}

TEST(GenotypeListTest, SaysThatThereIsNoFile) {
  const auto list = ReadGenotypeList("nowhere.csv");
  EXPECT_EQ(list.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace nap
