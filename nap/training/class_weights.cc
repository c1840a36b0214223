#include "nap/training/class_weights.h"

#include <algorithm>
#include <cstdint>

namespace nap {

std::vector<float> BalancedClassWeights(const Dataset& images) {
  std::vector<int64_t> counts(static_cast<size_t>(images.num_classes()), 0);
  for (int64_t i = 0; i < images.size(); ++i) ++counts[static_cast<size_t>(images.Label(i))];
  const auto empty = std::count(counts.begin(), counts.end(), 0);
  const double share = static_cast<double>(images.size()) /
                       static_cast<double>(static_cast<int64_t>(counts.size()) - empty);
  std::vector<float> weights;
  for (const int64_t count : counts) {
    weights.push_back(count > 0 ? static_cast<float>(share / static_cast<double>(count)) : 0.0F);
  }
  return weights;
}

}  // namespace nap
