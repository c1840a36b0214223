#include "nap/report/cells_by_epoch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nap/base/files.h"

namespace nap {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kOperations = {"none", "skip_connect", "sep_conv_3x3"};

// A line of strengths.jsonl of the darts space, in which every operation weighs `weight`.
class Line {
 public:
  explicit Line(double weight) {
    for (int target = 2; target < 6; ++target) {
      for (int source = 0; source < target; ++source) {
        weights_.push_back({weight, weight, weight});
        for (const std::string& operation : kOperations) {
          living_.push_back({"normal", source, target, operation});
        }
      }
    }
  }
  // Edges are ordered by target, then source.
  Line& Set(int source, int target, int operation, double weight) {
    weights_[(target - 2) * (target + 1) / 2 + source][operation] = weight;
    return *this;
  }
  Line& Kill(int source, int target, int operation) {
    const Json entry = {"normal", source, target, kOperations[operation]};
    living_.erase(std::find(living_.begin(), living_.end(), entry));
    return *this;
  }
  std::string Text() const {
    return Json{{"operations", kOperations},
                {"mixing_weights", {{"normal", weights_}, {"reduce", Json::array()}}},
                {"living", living_}}
               .dump() +
           "\n";
  }

 private:
  Json weights_ = Json::array();
  Json living_ = Json::array();
};

std::string File() { return testing::TempDir() + "/strengths.jsonl"; }

absl::StatusOr<std::vector<CellGenotype>> Cells(const std::string& text,
                                                const PrunerOptions& budget) {
  EXPECT_TRUE(WriteFileAtomically(File(), text).ok());
  return CellsByEpoch(File(), "darts", budget);
}

TEST(CellsByEpochTest, PrunesEachEpochByItself) {
  // The heaviest is "none", which is not ranked; a weight counts by its magnitude.
  Line first(0.25);
  first.Set(0, 2, 0, 9)
      .Set(0, 2, 1, -3)
      .Set(1, 3, 2, 2)
      .Set(1, 3, 1, 1)
      .Set(3, 4, 1, 2)
      .Set(4, 5, 2, 3);
  Line second = first;
  second.Kill(0, 2, 1).Set(0, 2, 2, 1);
  const auto cells = Cells(first.Text() + second.Text(), {4, 1, 0});
  ASSERT_TRUE(cells.ok()) << cells.status();
  ASSERT_EQ(cells->size(), 2u);
  CellGenotype cell = {
      "normal",
      {{{"skip_connect", 0}}, {{"sep_conv_3x3", 1}}, {{"skip_connect", 3}}, {{"sep_conv_3x3", 4}}},
      {2, 3, 4, 5}};
  EXPECT_EQ((*cells)[0], cell);
  cell.nodes[0][0].operation = "sep_conv_3x3";
  EXPECT_EQ((*cells)[1], cell);
}

TEST(CellsByEpochTest, KeepsToTheLimits) {
  Line line(0.25);
  for (int source = 0; source < 4; ++source) line.Set(source, 4, 1, 2).Set(source, 4, 2, 3);
  const auto node4 = [&](const PrunerOptions& budget) {
    return (*Cells(line.Text(), budget))[0].nodes[2];
  };
  EXPECT_EQ(node4({8, 1, 0}).size(), 4u);
  EXPECT_EQ(node4({8, 1, 2}).size(), 2u);
  EXPECT_EQ(node4({11, 2, 0}).size(), 8u);
}

TEST(CellsByEpochTest, NamesWhatIsDamaged) {
  const std::string good = Line(1).Text();
  const auto message = [](const absl::StatusOr<std::vector<CellGenotype>>& cells) {
    return std::string(cells.status().message());
  };
  EXPECT_EQ(message(Cells(good + "{}\n", {})).find(File() + " is damaged in line 2: "), 0u);
  EXPECT_EQ(message(Cells(good + good.substr(0, 50), {})).find(File() + " is damaged in line 2"),
            0u);
  EXPECT_TRUE(absl::IsNotFound(CellsByEpoch(File() + "x", "darts", {}).status()));
  EXPECT_NE(message(CellsByEpoch(File(), "dart", {})).find("line"), 0u);
}

}  // namespace
}  // namespace nap
