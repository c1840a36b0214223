#include "nap/report/front_record.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nap/base/files.h"
#include "nap/report/text_table.h"

namespace nap {
namespace {

Genotype Cell(const std::string& operation) {
  return {"darts", {{"normal", {{{operation, 0}}}, {2}}, {"reduce", {{{operation, 1}}}, {2}}}};
}

FrontEntry Point(double limit, double parameters, double mult_adds, double quality,
                 const std::string& operation) {
  FrontEntry point;
  point.limit = limit;
  point.parameters = parameters;
  point.mult_adds = mult_adds;
  point.quality = quality;
  point.genotype = Cell(operation);
  return point;
}

// 1 is dominated by 3, which is better than 4, which dominates it too; 2 came out as 1 did.
FrontRecord Record() {
  return {"mult_adds",
          kSupernetAccuracy,
          {Point(0, 4134000, 642e6, 0.5, "a"), Point(600e6, 4134000, 642e6, 0.5, "a"),
           Point(500e6, 3e6, 450e6, 0.75, "b"), Point(400e6, 2e6, 400e6, 0.625, "c"),
           Point(300.5e6, 1e6, 300e6, 0.25, "d")}};
}

TEST(FrontRecordTest, SaysHowPointsStandBesideOthers) {
  const std::vector<FrontPlace> places = PlacesIn(Record());
  std::vector<std::vector<int>> found;
  for (const FrontPlace& place : places) found.push_back({place.same_as, place.dominated_by});
  EXPECT_EQ(found, (std::vector<std::vector<int>>{{-1, 2}, {0, 2}, {-1, -1}, {-1, -1}, {-1, -1}}));
}

TEST(FrontRecordTest, WhatIsAsGoodAtTheSameCostIsNotDominated) {
  FrontRecord record = {"parameters", "s", {Point(0, 2, 9, 1, "a"), Point(0, 2, 1, 1, "b")}};
  EXPECT_EQ(PlacesIn(record)[0].dominated_by, -1);
  EXPECT_EQ(PlacesIn(record)[1].dominated_by, -1);
  record.cost = "mult_adds";
  EXPECT_EQ(PlacesIn(record)[0].dominated_by, 1);
  EXPECT_EQ(PlacesIn(record)[1].dominated_by, -1);
  record = {"parameters", "s", {Point(0, 2, 9, 1, "a"), Point(0, 2, 1, 2, "b")}};
  EXPECT_EQ(PlacesIn(record)[0].dominated_by, 1);
}

TEST(FrontRecordTest, IsATable) {
  EXPECT_EQ(TextTable(FrontTable(Record())),
            "point    limit  parameters  mult-adds  supernet accuracy     beside the others"
            "         genotype\n"
            "1         none     4.134 M    642.0 M             50.0 %  dominated by point 3"
            "    genotype.json\n"
            "2      600.0 M     4.134 M    642.0 M             50.0 %   the same as point 1"
            "  genotype.2.json\n"
            "3      500.0 M     3.000 M    450.0 M             75.0 %                      "
            "  genotype.3.json\n"
            "4      400.0 M     2.000 M    400.0 M             62.5 %                      "
            "  genotype.4.json\n"
            "5      300.5 M     1.000 M    300.0 M             25.0 %                      "
            "  genotype.5.json\n");
  FrontRecord latency = Record();
  latency.cost = "latency";
  latency.quality = "activation_kernel";
  for (FrontEntry& point : latency.points) point.latency_ms = point.mult_adds / 1e8;
  latency.points[1].limit = 6;
  const auto rows = FrontTable(latency);
  EXPECT_EQ(rows[0],
            (std::vector<std::string>{"point", "limit", "parameters", "mult-adds", "latency",
                                      "activation_kernel", "beside the others", "genotype"}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"2", "6.000 ms", "4.134 M", "642.0 M", "6.420 ms",
                                               "0.50", "the same as point 1", "genotype.2.json"}));
}

TEST(FrontRecordTest, FrontJsonIsAsDocumented) {
  const std::string text = FrontToJson(Record());
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["cost"], "mult_adds");
  EXPECT_EQ(json["quality"], "supernet_accuracy");
  ASSERT_EQ(json["points"].size(), 5u);
  EXPECT_EQ(json["points"][1].dump(),
            R"({"dominated_by":3,"file":"genotype.2.json","genotype":{"cells":{"normal":{"concat":)"
            R"([2],"nodes":[[["a",0]]]},"reduce":{"concat":[2],"nodes":[[["a",1]]]}},)"
            R"("search_space":"darts"},"latency_ms":null,"limit":600000000,"mult_adds":642000000,)"
            R"("parameters":4134000,"point":2,"quality":0.5,"same_as":1})");
  EXPECT_TRUE(json["points"][0]["limit"].is_null());
  EXPECT_EQ(json["points"][4]["limit"], 300500000);
  const auto read = FrontFromJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FrontToJson(*read), text);
  EXPECT_EQ(read->points[2].genotype, Cell("b"));
  EXPECT_TRUE(std::isnan(read->points[0].latency_ms));
}

TEST(FrontRecordTest, NamesWhatIsDamaged) {
  const std::string text = FrontToJson(Record());
  const auto message = [&](const std::string& from, const std::string& to) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    return std::string(FrontFromJson(absl::StrReplaceAll(text, {{from, to}})).status().message());
  };
  EXPECT_EQ(FrontFromJson(text.substr(0, 400)).status().message(), "front: must be a JSON object");
  EXPECT_EQ(FrontFromJson("[]").status().message(), "front: must be a JSON object");
  EXPECT_EQ(message("\"mult_adds\",", "\"price\","),
            "cost: must be latency, mult_adds or parameters");
  EXPECT_EQ(message("\"mult_adds\",", "\"latency\","), "points[0].latency_ms: must be a number");
  EXPECT_EQ(message("\"supernet_accuracy\"", "3"), "quality: must be a string");
  EXPECT_EQ(message("\"parameters\":3000000", "\"parameters\":-1"),
            "points[2].parameters: must be at least 0");
  EXPECT_EQ(message("\"parameters\":3000000", "\"parameters\":1e999"),
            "front: must be a JSON object");
  EXPECT_EQ(message("\"limit\":400000000", "\"limit\":\"x\""), "points[3].limit: must be a number");
  EXPECT_EQ(message("\"nodes\":[[[\"b\",0]]]", "\"nodes\":7"),
            "points[2]: genotype JSON: cells.normal.nodes must be a list");

  const std::string folder = testing::TempDir() + "/front_record";
  ASSERT_TRUE(MakeFolder(folder).ok());
  EXPECT_FALSE(ReadFront(folder)->has_value());
  ASSERT_TRUE(WriteFileAtomically(folder + "/front.json", text).ok());
  EXPECT_EQ((*ReadFront(folder))->points.size(), 5u);
  ASSERT_TRUE(WriteFileAtomically(folder + "/front.json", text.substr(0, 400)).ok());
  EXPECT_EQ(ReadFront(folder).status().message(),
            absl::StrCat(folder, "/front.json is damaged: front: must be a JSON object"));
}

}  // namespace
}  // namespace nap
