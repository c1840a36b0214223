// What a search returns: which operations a cell is made of. Plain data.
#ifndef NAP_ARCHITECTURE_GENOTYPE_H_
#define NAP_ARCHITECTURE_GENOTYPE_H_

#include <map>
#include <string>
#include <vector>

namespace nap {

// The operation that contributes nothing. Formats may name it, a genotype never does: it is left
// out where it is read.
inline constexpr char kNoOperation[] = "none";

// One operation applied to the output of node `source` (see topology.h for node ids).
struct GenotypeInput {
  std::string operation;
  int source;

  friend bool operator==(const GenotypeInput& a, const GenotypeInput& b) {
    return a.operation == b.operation && a.source == b.source;
  }
};

struct CellGenotype {
  std::string name;  // "normal" or "reduce" in the darts space, "cell" in nas_bench_201

  // For each intermediate node the operations whose outputs it sums, by source. Without any it is
  // zero: no search leaves such a node, published lists have them.
  std::vector<std::vector<GenotypeInput>> nodes;
  std::vector<int> concat;

  friend bool operator==(const CellGenotype& a, const CellGenotype& b) {
    return a.name == b.name && a.nodes == b.nodes && a.concat == b.concat;
  }
};

struct Genotype {
  std::string search_space;
  std::vector<CellGenotype> cells;  // in the order of the search space's cell types

  friend bool operator==(const Genotype& a, const Genotype& b) {
    return a.search_space == b.search_space && a.cells == b.cells;
  }
};

// "normal cell"; "cell" for the only cell type of a space, which has no other name.
std::string CellTitle(const std::string& name);

// How often each operation occurs in the cell.
std::map<std::string, int> CountOperations(const CellGenotype& cell);

// How many operations, skip-connections too, the longest way from an input of the cell to its
// output passes. Sources must come before the nodes that read them.
int DepthOf(const CellGenotype& cell, int num_inputs);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_H_
