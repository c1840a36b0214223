#include "nap/architecture/genotype.h"

#include <algorithm>

namespace nap {

std::string CellTitle(const std::string& name) { return name == "cell" ? name : name + " cell"; }

std::map<std::string, int> CountOperations(const CellGenotype& cell) {
  std::map<std::string, int> counts;
  for (const auto& inputs : cell.nodes) {
    for (const GenotypeInput& input : inputs) ++counts[input.operation];
  }
  return counts;
}

int DepthOf(const CellGenotype& cell, int num_inputs) {
  std::vector<int> depths(num_inputs, 0);  // a node
  for (const auto& inputs : cell.nodes) {
    int depth = 0;
    for (const GenotypeInput& input : inputs) depth = std::max(depth, depths[input.source] + 1);
    depths.push_back(depth);
  }
  int depth = 0;
  for (int node : cell.concat) depth = std::max(depth, depths[node]);
  return depth;
}

}  // namespace nap
