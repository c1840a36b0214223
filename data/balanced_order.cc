#include "data/balanced_order.h"

#include <algorithm>
#include <cstddef>

namespace nap {

std::vector<int64_t> BalancedOrder(const Dataset& images, const std::vector<int64_t>& indices,
                                   RandomStream* random) {
  std::vector<std::vector<int64_t>> classes(static_cast<size_t>(images.num_classes()));
  for (const int64_t index : indices) {
    classes[static_cast<size_t>(images.Label(index))].push_back(index);
  }
  classes.erase(std::remove_if(classes.begin(), classes.end(),
                               [](const std::vector<int64_t>& members) { return members.empty(); }),
                classes.end());
  std::vector<size_t> used(classes.size(), 0);
  std::vector<int64_t> order;
  order.reserve(indices.size());
  while (order.size() < indices.size()) {
    for (const int64_t number : random->Permutation(static_cast<int64_t>(classes.size()))) {
      if (order.size() == indices.size()) break;
      std::vector<int64_t>& members = classes[static_cast<size_t>(number)];
      size_t& next = used[static_cast<size_t>(number)];
      if (next % members.size() == 0) random->Shuffle(members);
      order.push_back(members[next++ % members.size()]);
    }
  }
  return order;
}

}  // namespace nap
