// A search that takes a fraction of a second.
#ifndef NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_
#define NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_

#include <cstdint>
#include <memory>

#include "data/dataset.h"
#include "nap/search/search_options.h"

namespace nap {

// Two classes, dark and bright, in noise.
std::unique_ptr<Dataset> TinyImages(int64_t size);

SearchOptions TinySearch();

}  // namespace nap

#endif  // NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_
