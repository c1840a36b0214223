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

// What ValidateTopology says of a small dense cell after a change.
template <typename Change>
std::string ErrorAfter(Change change) {
  CellTopology cell = CellTopology::Dense("normal", 2, 2, 2);  // 0-2 1-2 0-3 1-3 2-3
  change(&cell);
  return std::string(ValidateTopology(cell).message());
}

TEST(ValidateTopologyTest, AcceptsDenseCellsAndPartsOfThem) {
  EXPECT_EQ(ErrorAfter([](CellTopology*) {}), "");
  EXPECT_EQ(ErrorAfter([](CellTopology* cell) {
              cell->edges.erase(cell->edges.begin());
              cell->concat = {3};
            }),
            "");
}

TEST(ValidateTopologyTest, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->name = ""; }), "it has no name");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->num_inputs = 0; }),
            "it has 0 inputs and 2 nodes; it needs at least one of each");
  EXPECT_EQ(ErrorAfter([](auto* cell) { std::swap(cell->edges[1], cell->edges[2]); }),
            "its edge 1 -> 2 must stand before 0 -> 3, once: edges are ordered by target, then "
            "source");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[1] = cell->edges[0]; }),
            "its edge 0 -> 2 must stand before 0 -> 2, once: edges are ordered by target, then "
            "source");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[4].source = 3; }),
            "its edge 3 -> 3 does not come from a node before its target");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[0].source = -1; }),
            "its edge -1 -> 2 does not come from a node before its target");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[4].target = 4; }),
            "its edge 2 -> 4 does not lead to an intermediate node, 2 to 3");
  EXPECT_EQ(ErrorAfter([](auto* cell) {
              cell->edges[0] = {0, 1, 2};
            }),
            "its edge 0 -> 1 does not lead to an intermediate node, 2 to 3");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[4].stride = 2; }),
            "its edge 2 -> 3 has stride 2; only edges that leave inputs have one above 1");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges[2].stride = 1; }),
            "its edge 0 -> 3 has stride 1, others that leave inputs 2");
  EXPECT_EQ(ErrorAfter([](auto* cell) { cell->edges.resize(2); }), "no edge leads to its node 3");
  for (const std::vector<int>& concat : {std::vector<int>{}, {1, 2}, {2, 4}, {2, 2}}) {
    EXPECT_NE(ErrorAfter([&](auto* cell) {
                cell->concat = concat;
              }).find("it must be intermediate nodes, 2 to 3, at least one and each once"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace nap
