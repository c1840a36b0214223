#include "nap/report/accuracy_table.h"

#include <gtest/gtest.h>

#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/base/files.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

constexpr char kSkips[] =
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|"
    "skip_connect~2|";
constexpr char kConvolutions[] =
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|"
    "nor_conv_3x3~2|";
constexpr char kNothing[] = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
constexpr char kPooling[] =
    "|avg_pool_3x3~0|+|none~0|avg_pool_3x3~1|+|none~0|none~1|avg_pool_3x3~2|";

std::string Path() { return testing::TempDir() + "/table.csv"; }

absl::StatusOr<AccuracyTable> Read(const std::string& content) {
  EXPECT_TRUE(WriteFileAtomically(Path(), content).ok());
  return AccuracyTable::Read(Path());
}

Genotype Cell(const char* architecture) { return *GenotypeFromNasBench201(architecture); }

std::unique_ptr<SearchSpace> Space() { return *MakeSearchSpace("nas_bench_201"); }

std::string SmallTable() {
  return std::string("architecture,accuracy\n") + kNothing + ",10\n" + kConvolutions +
         ",94.37\r\n\n" + kSkips + ",10.0\n";
}

TEST(AccuracyTableTest, KnowsAccuracyAndRank) {
  const auto table = Read(SmallTable());
  ASSERT_TRUE(table.ok()) << table.status();
  const auto best = table->Find(Cell(kConvolutions));
  ASSERT_TRUE(best.ok()) << best.status();
  EXPECT_DOUBLE_EQ(best->accuracy, 0.9437);
  EXPECT_EQ(best->rank, 1);
  EXPECT_EQ(best->of, 3);
  // Two that are equally good share the better rank; nodes without input are known too.
  EXPECT_EQ(table->Find(Cell(kSkips))->rank, 2);
  EXPECT_EQ(table->Find(Cell(kNothing))->rank, 2);
  EXPECT_EQ(table->Find(Cell(kPooling)).status(),
            absl::NotFoundError(std::string(kPooling) + " is not in " + Path()));
}

TEST(AccuracyTableTest, DescribesACellInOneLine) {
  const auto table = Read(SmallTable());
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(AccuracyTable::Describe(*Space(), Cell(kConvolutions), &*table),
            std::string(kConvolutions) + ": accuracy 94.37 %, rank 1 of 3");
  EXPECT_EQ(AccuracyTable::Describe(*Space(), Cell(kPooling), &*table),
            std::string(kPooling) + " is not in " + Path());
  EXPECT_EQ(AccuracyTable::Describe(*Space(), Cell(kSkips), nullptr), kSkips);
}

// Any search space whose genotypes have names (spaces_for_tests.cc).
TEST(AccuracyTableTest, IsOfTheSearchSpaceOfItsArchitectures) {
  const auto table = Read("architecture,accuracy\nthree: skip_connect from 1; none from 0,90\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->search_space().name(), "three_inputs");
  EXPECT_EQ(table->Find(*ParseGenotype("three: skip_connect from 1; none from 0"))->rank, 1);
  EXPECT_EQ(
      table->Find(Cell(kSkips)).status(),
      absl::InvalidArgumentError(Path() + " has cells of three_inputs, not of nas_bench_201"));
}

TEST(AccuracyTableTest, NamesTheLineAtFault) {
  const auto error = [](const std::string& content) {
    const absl::Status status = Read(content).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_EQ(status.message().find(Path() + ", line "), 0u) << status;
    return std::string(status.message().substr(Path().size() + 2));
  };
  const std::string header = "architecture,accuracy\n", skips = kSkips;
  EXPECT_EQ(error(""), "line 1: must be 'architecture,accuracy'");
  EXPECT_EQ(error(skips + ",10\n"), "line 1: must be 'architecture,accuracy'");
  EXPECT_EQ(error(header), "line 2: the table holds no architecture");
  EXPECT_EQ(error(header + skips + "\n"),
            "line 2: must have an architecture and an accuracy, not '" + skips + "'");
  EXPECT_EQ(error(header + skips + ",10,9\n"),
            "line 2: must have an architecture and an accuracy, not '" + skips + ",10,9'");
  for (const char* accuracy : {"", "x", "-1", "100.5", "nan"}) {
    EXPECT_EQ(
        error(header + skips + "," + accuracy),
        std::string("line 2: the accuracy must be a number from 0 to 100, not '") + accuracy + "'");
  }
  EXPECT_EQ(error(SmallTable() + skips + ",12"), "line 6: " + skips + " stands there twice");
  EXPECT_EQ(error(header + "|a~0|,1"),
            "line 2: NAS-Bench-201 architecture: it must have 3 nodes joined by '+', not 1");
  EXPECT_EQ(error(header + "|skip_connect~0|+|none~0|none~1|+|none~0|none~1|sep_conv_3x3~2|,1"),
            "line 2: the operation 'sep_conv_3x3' is not one of nas_bench_201: none, skip_connect, "
            "nor_conv_1x1, nor_conv_3x3, avg_pool_3x3");
  EXPECT_EQ(error(SmallTable() + "three: none from 0,1"),
            "line 6: is of the search space three_inputs:nodes=1, others are of nas_bench_201");
  EXPECT_NE(error(header + "{},1").find("line 2: genotype JSON: "), std::string::npos);
  const absl::Status missing = AccuracyTable::Read("nowhere.csv").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.message().find("nowhere.csv"), absl::string_view::npos) << missing;
}

}  // namespace
}  // namespace nap
