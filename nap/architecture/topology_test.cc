#include "nap/architecture/topology.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace nap {
namespace {

using Edges = std::vector<std::tuple<int, int, int>>;  // source, target, stride

Edges EdgesOf(const CellTopology& topology) {
  Edges edges;
  for (const Edge& edge : topology.edges) edges.emplace_back(edge.source, edge.target, edge.stride);
  return edges;
}

TEST(TopologyTest, DenseJoinsEachNodeWithAllBeforeIt) {
  const CellTopology cell = CellTopology::Dense("normal", 2, 2, 1);
  EXPECT_EQ(cell.name, "normal");
  EXPECT_EQ(cell.FirstNode(), 2);
  EXPECT_EQ(cell.EndNode(), 4);
  EXPECT_EQ(cell.concat, (std::vector<int>{2, 3}));
  EXPECT_EQ(EdgesOf(cell), (Edges{{0, 2, 1}, {1, 2, 1}, {0, 3, 1}, {1, 3, 1}, {2, 3, 1}}));
}

TEST(TopologyTest, OnlyTheInputsEdgesHaveTheStride) {
  EXPECT_EQ(EdgesOf(CellTopology::Dense("reduce", 2, 2, 2)),
            (Edges{{0, 2, 2}, {1, 2, 2}, {0, 3, 2}, {1, 3, 2}, {2, 3, 1}}));
  EXPECT_EQ(EdgesOf(CellTopology::Dense("one", 1, 2, 2)), (Edges{{0, 1, 2}, {0, 2, 2}, {1, 2, 1}}));
}

TEST(TopologyTest, DartsCellsHave14Edges) {
  EXPECT_EQ(CellTopology::Dense("normal", 2, 4, 1).edges.size(), 14u);
}

}  // namespace
}  // namespace nap
