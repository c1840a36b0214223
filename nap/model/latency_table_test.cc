#include "nap/model/latency_table.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nap/search_space/search_space.h"

namespace nap {
namespace {

// Small enough for pencil and paper: 3 cells of 2, 4 and 8 channels, of which the last two halve
// 8 x 8 pixels to 4 x 4 and 2 x 2.
class LatencyTableTest : public testing::Test {
 protected:
  LatencyTableTest()
      : search_space_(*MakeSearchSpace("darts")),
        plan_(*search_space_->Plan({2, 3, 3, 10})),
        space_{search_space_->cell_types(), {{"none", true}, {"skip_connect"}, {"sep_conv_3x3"}}} {}

  // A table of these lines.
  static absl::StatusOr<LatencyTable> Table(const std::vector<std::string>& lines) {
    return LatencyTable::Parse(absl::StrCat(kLatencyHeader, "\n", absl::StrJoin(lines, "\n"), "\n"),
                               "t.csv");
  }

  static std::string ErrorOf(const std::string& line) {
    return std::string(Table({"sum,,2,2,1,8,8,1,", line}).status().message());
  }

  const std::unique_ptr<SearchSpace> search_space_;
  const NetworkPlan plan_;
  const CandidateSpace space_;
  const ImageSize image_ = {8, 8};

  // What the network is made of, and 2^i microseconds for the i-th of it: every sum is another one.
  const std::vector<std::string> rows_ = {"concat,,2,8,1,8,8",
                                          "concat,,4,16,1,4,4",
                                          "concat,,8,32,1,2,2",
                                          "head,linear,32,10,1,2,2",
                                          "input,factorized_reduce,8,8,2,8,8",
                                          "input,pointwise,6,2,1,8,8",
                                          "input,pointwise,6,4,1,8,8",
                                          "input,pointwise,8,4,1,8,8",
                                          "input,pointwise,16,8,1,4,4",
                                          "operation,sep_conv_3x3,2,2,1,8,8",
                                          "operation,sep_conv_3x3,4,4,1,4,4",
                                          "operation,sep_conv_3x3,4,4,2,8,8",
                                          "operation,sep_conv_3x3,8,8,1,2,2",
                                          "operation,sep_conv_3x3,8,8,2,4,4",
                                          "operation,skip_connect,4,4,2,8,8",
                                          "operation,skip_connect,8,8,2,4,4",
                                          "stem,cifar,3,6,1,8,8",
                                          "sum,,2,2,1,8,8",
                                          "sum,,4,4,1,4,4",
                                          "sum,,8,8,1,2,2"};
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (size_t i = 0; i < rows_.size(); ++i) {
      lines.push_back(absl::StrFormat("%s,%.3f,0.1", rows_[i], 1e-3 * (1 << i)));
    }
    return lines;
  }
};

TEST_F(LatencyTableTest, NamesWhatANetworkIsMadeOf) {
  const auto rows = LatencyRowsOf(plan_, space_, image_);
  ASSERT_TRUE(rows.ok()) << rows.status();
  std::vector<std::string> texts;
  for (const LatencyRow& row : *rows) texts.push_back(row.Text());
  EXPECT_EQ(texts, rows_);
}

// A quarter of the image at first, and blocks that halve.
TEST_F(LatencyTableTest, NamesWhatOtherNetworksAreMadeOf) {
  const auto darts =
      LatencyRowsOf(*search_space_->Plan({4, 3, 3, 10, StemKind::kImageNet}), space_, {60, 60});
  ASSERT_TRUE(darts.ok()) << darts.status();
  const auto nas_bench_201 = MakeSearchSpace("nas_bench_201");
  const auto cell = LatencyRowsOf(*(*nas_bench_201)->Plan({4, 6, 3, 10}),
                                  {(*nas_bench_201)->cell_types(), {{"skip_connect"}}}, {9, 9});
  ASSERT_TRUE(cell.ok()) << cell.status();
  std::vector<std::string> texts;
  for (const auto& rows : {*darts, *cell}) {
    for (const LatencyRow& row : rows) {
      if (row.part == "stem" || row.part == "head" || row.part == "input") {
        texts.push_back(row.Text());
      }
    }
  }
  for (const char* row :
       {"stem,imagenet,3,4,8,60,60", "input,factorized_reduce,4,4,2,15,15",
        "input,pointwise,4,4,1,8,8", "stem,cifar,3,4,1,9,9", "input,residual_block,4,8,2,9,9",
        "input,residual_block,8,16,2,5,5", "head,norm_linear,16,10,1,3,3"}) {
    EXPECT_EQ(std::count(texts.begin(), texts.end(), row), 1) << row << " in\n"
                                                              << absl::StrJoin(texts, "\n");
  }
}

TEST_F(LatencyTableTest, AddsUpTheParts) {
  const Genotype genotype{"darts",
                          {{"normal",
                            {{{"sep_conv_3x3", 0}, {"sep_conv_3x3", 1}},
                             {{"skip_connect", 1}},
                             {{"skip_connect", 2}},
                             {{"skip_connect", 2}, {"sep_conv_3x3", 3}}},
                            {2, 3, 4, 5}},
                           {"reduce",
                            {{{"skip_connect", 1}},
                             {{"skip_connect", 2}},
                             {{"sep_conv_3x3", 2}},
                             {{"skip_connect", 2}}},
                            {2, 3, 4, 5}}}};
  const std::map<std::string, int> parts = {{"stem,cifar,3,6,1,8,8", 1},
                                            {"input,pointwise,6,2,1,8,8", 2},
                                            {"operation,sep_conv_3x3,2,2,1,8,8", 3},
                                            {"sum,,2,2,1,8,8", 2},
                                            {"concat,,2,8,1,8,8", 1},
                                            {"input,pointwise,8,4,1,8,8", 1},
                                            {"operation,skip_connect,4,4,2,8,8", 1},
                                            {"operation,sep_conv_3x3,4,4,1,4,4", 1},
                                            {"concat,,4,16,1,4,4", 1},
                                            {"input,pointwise,16,8,1,4,4", 1},
                                            {"operation,skip_connect,8,8,2,4,4", 1},
                                            {"operation,sep_conv_3x3,8,8,1,2,2", 1},
                                            {"concat,,8,32,1,2,2", 1},
                                            {"head,linear,32,10,1,2,2", 1}};
  double expected = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const auto found = parts.find(rows_[i]);
    if (found != parts.end()) expected += found->second * 1e-3 * (1 << i);
  }
  std::vector<std::string> lines = Lines();
  const auto latency = [&] {
    const auto table = Table(lines);
    EXPECT_TRUE(table.ok()) << table.status();
    return *NetworkLatency(plan_, space_.cell_types, genotype, image_, *table);
  };
  EXPECT_NEAR(latency(), expected, 1e-9);
  // In any order, with comments.
  lines.insert(lines.begin(), {lines.back(), "# no row, of a \"phone\""});
  lines.pop_back();
  EXPECT_NEAR(latency(), expected, 1e-9);
}

TEST_F(LatencyTableTest, CountsAndNamesWhatIsMissing) {
  std::vector<std::string> lines = Lines();
  lines.erase(lines.begin() + 17);
  lines.erase(lines.begin() + 5);
  EXPECT_EQ(MakeLatencyModel(plan_, space_, image_, *Table(lines)).status(),
            absl::NotFoundError("t.csv lacks 2 of 20 rows for a network of 3 cells of 2 channels "
                                "and 8 x 8 pixels: input,pointwise,6,2,1,8,8; sum,,2,2,1,8,8"));
  EXPECT_EQ(MakeLatencyModel(plan_, space_, image_, *Table({})).status(),
            absl::NotFoundError("t.csv lacks 20 of 20 rows for a network of 3 cells of 2 channels "
                                "and 8 x 8 pixels: concat,,2,8,1,8,8; concat,,4,16,1,4,4; "
                                "concat,,8,32,1,2,2; ..."));
}

TEST_F(LatencyTableTest, SaysWhatIsWrongWhere) {
  EXPECT_EQ(ErrorOf("sum,,4,4,1,8,8,0,"),
            "t.csv, line 3: milliseconds must be a number above 0, up to 1e+06, not '0'");
  for (const char* wrong : {"-1", "1000001", "nan", "inf", "fast", ""}) {
    EXPECT_EQ(ErrorOf(absl::StrCat("sum,,4,4,1,8,8,", wrong, ",")),
              absl::StrCat("t.csv, line 3: milliseconds must be a number above 0, up to 1e+06, not "
                           "'",
                           wrong, "'"));
  }
  EXPECT_EQ(ErrorOf("sum,,2,2,1,8,8,2,"), "t.csv, line 3: sum,,2,2,1,8,8 stands in line 2 already");
  EXPECT_EQ(ErrorOf("operation,warp,2,2,1,8,8,1,")
                .find("t.csv, line 3: unknown operation 'warp'; known: "),
            0u);
  EXPECT_EQ(ErrorOf("tail,,2,2,1,8,8,1,"),
            "t.csv, line 3: unknown part 'tail'; known: concat, head, input, operation, stem, "
            "sum");
  EXPECT_EQ(ErrorOf("head,quadratic,2,2,1,8,8,1,"),
            "t.csv, line 3: unknown head 'quadratic'; known: linear, norm_linear");
  EXPECT_EQ(ErrorOf("sum,,2,0,1,8,8,1,"),
            "t.csv, line 3: out_channels must be a whole number from 1 on, not '0'");
  EXPECT_EQ(ErrorOf("sum,,2,2,1,8,8.5,1,"),
            "t.csv, line 3: width must be a whole number from 1 on, not '8.5'");
  EXPECT_EQ(ErrorOf("sum,2,2,1,8,8,1").find("t.csv, line 3: has 7 fields, not 9: part,"), 0u);
  const std::string header = absl::StrCat("must be '", kLatencyHeader, "'");
  EXPECT_EQ(LatencyTable::Parse("", "t.csv").status().message(),
            absl::StrCat("t.csv, line 1: ", header));
  EXPECT_EQ(LatencyTable::Parse("# a\npart,milliseconds\n", "t.csv").status().message(),
            absl::StrCat("t.csv, line 2: ", header));
  EXPECT_EQ(ErrorOf("sum,\"").find("t.csv, line 3: "), 0u);
  EXPECT_EQ(LatencyTable::Read("nowhere.csv").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace nap
