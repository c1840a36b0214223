#include "data/split.h"

#include <cmath>

#include "nap/base/random.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x73706c6974;

}  // namespace

Split SplitIndices(int64_t size, double fraction, uint64_t seed) {
  const std::vector<int64_t> order = RandomStream({seed, kStream}).Permutation(size);
  const auto middle = order.begin() + std::llround(fraction * static_cast<double>(size));
  return {{order.begin(), middle}, {middle, order.end()}};
}

}  // namespace nap
