#include "nap/architecture/genotype.h"

namespace nap {

std::string CellTitle(const std::string& name) { return name == "cell" ? name : name + " cell"; }

std::map<std::string, int> CountOperations(const CellGenotype& cell) {
  std::map<std::string, int> counts;
  for (const auto& inputs : cell.nodes) {
    for (const GenotypeInput& input : inputs) ++counts[input.operation];
  }
  return counts;
}

}  // namespace nap
