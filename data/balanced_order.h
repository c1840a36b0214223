// Which images an epoch consists of where classes are to come equally often.
#ifndef DATA_BALANCED_ORDER_H_
#define DATA_BALANCED_ORDER_H_

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "nap/base/random.h"

namespace nap {

// As many of the images `indices` as there are, some of them several times and others not: rounds
// of one image of each class that has some, in a random order, the last round cut off. A class's
// images come in a random order, each once before any comes again.
std::vector<int64_t> BalancedOrder(const Dataset& images, const std::vector<int64_t>& indices,
                                   RandomStream* random);

}  // namespace nap

#endif  // DATA_BALANCED_ORDER_H_
