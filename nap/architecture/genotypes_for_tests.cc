#include "nap/architecture/genotypes_for_tests.h"

#include <cstddef>
#include <set>
#include <utility>

namespace nap {

const char kDartsV2Line[] =
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
    "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
    "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
    "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])";

Genotype DartsV2() {
  return {"darts",
          {{"normal",
            {{{"sep_conv_3x3", 0}, {"sep_conv_3x3", 1}},
             {{"sep_conv_3x3", 0}, {"sep_conv_3x3", 1}},
             {{"sep_conv_3x3", 1}, {"skip_connect", 0}},
             {{"skip_connect", 0}, {"dil_conv_3x3", 2}}},
            {2, 3, 4, 5}},
           {"reduce",
            {{{"max_pool_3x3", 0}, {"max_pool_3x3", 1}},
             {{"skip_connect", 2}, {"max_pool_3x3", 1}},
             {{"max_pool_3x3", 0}, {"skip_connect", 2}},
             {{"skip_connect", 2}, {"max_pool_3x3", 1}}},
            {2, 3, 4, 5}}}};
}

Genotype RandomGenotype(RandomStream& random, int most_inputs) {
  constexpr const char* kOperations[] = {"max_pool_3x3", "avg_pool_3x3", "skip_connect",
                                         "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
                                         "dil_conv_5x5"};
  Genotype genotype{"darts", {{"normal", {}, {2, 3, 4, 5}}, {"reduce", {}, {2, 3, 4, 5}}}};
  for (CellGenotype& cell : genotype.cells) {
    for (int node = 2; node < 6; ++node) {
      const auto num_inputs = static_cast<size_t>(1 + random.Below(most_inputs));
      std::set<std::pair<int, int>> inputs;  // source and operation
      while (inputs.size() < num_inputs) {
        const auto source = static_cast<int>(random.Below(node));
        inputs.insert({source, static_cast<int>(random.Below(7))});
      }
      cell.nodes.emplace_back();
      for (const auto& [source, operation] : inputs) {
        cell.nodes.back().push_back({kOperations[operation], source});
      }
    }
  }
  return genotype;
}

}  // namespace nap
