// A search that takes a fraction of a second.
#ifndef NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_
#define NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_

#include <string>

#include "nap/search/search_options.h"

namespace nap {

SearchOptions TinySearch();

// The criterion with parameters that let it, too, take a fraction of a second.
std::string QuickCriterion(const std::string& name);

}  // namespace nap

#endif  // NAP_SEARCH_TINY_SEARCH_FOR_TESTS_H_
