#include "nap/search_space/search_space.h"

#include <gtest/gtest.h>

namespace nap {
namespace {

std::string NameOf(const std::string& text) {
  const auto space = MakeSearchSpace(text);
  return space.ok() ? (*space)->name() : std::string(space.status().message());
}

TEST(MakeSearchSpaceTest, NamesASpaceByWhatDiffersFromTheDefaults) {
  EXPECT_EQ(NameOf("three_inputs"), "three_inputs");
  EXPECT_EQ(NameOf("three_inputs:"), "three_inputs");
  EXPECT_EQ(NameOf("three_inputs:unused=0.50,nodes=02"), "three_inputs");
  EXPECT_EQ(NameOf("three_inputs:word=a,nodes=+5"), "three_inputs:nodes=5,word=a");
  EXPECT_EQ(NameOf("three_inputs:nodes=5,unused=1e0"), "three_inputs:nodes=5,unused=1");
  for (const char* name : {"three_inputs:nodes=3,unused=0.25", "darts", "nas_bench_201"}) {
    EXPECT_EQ(NameOf(name), name);
  }
  EXPECT_EQ((*MakeSearchSpace("three_inputs:nodes=5"))->cell_types()[0].num_nodes, 5);
}

TEST(MakeSearchSpaceTest, SaysWhatIsWrong) {
  EXPECT_EQ(
      NameOf("dart"),
      "unknown search space 'dart'; known: broken, darts, nas_bench_201, plain, three_inputs");
  EXPECT_EQ(
      NameOf("three_inputs:node=3"),
      "search space 'three_inputs:node=3': unknown parameter 'node'; known: nodes, unused, word");
  EXPECT_EQ(
      NameOf("three_inputs:nodes=0"),
      "search space 'three_inputs:nodes=0': parameter nodes=0 must be a whole number from 1 on");
  EXPECT_EQ(NameOf("nas_bench_201:nodes=5"),
            "search space 'nas_bench_201:nodes=5': unknown parameter 'nodes'; there are none");
  EXPECT_EQ(NameOf("broken:fault=3"), "search space 'broken:fault=3': there is no such fault");
}

TEST(MakeSearchSpaceTest, RefusesASpaceWhoseCellsAreNone) {
  EXPECT_EQ(NameOf("broken"), "search space 'broken': it has no cell types");
  EXPECT_EQ(NameOf("broken:fault=1"),
            "search space 'broken:fault=1': two cell types are called 'cell'");
  EXPECT_EQ(
      NameOf("broken:fault=2"),
      "search space 'broken:fault=2': the cell type 'cell': its edge 0 -> 3 must stand before 1 "
      "-> 3, once: edges are ordered by target, then source");
}

}  // namespace
}  // namespace nap
