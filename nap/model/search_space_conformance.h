// For authors of search spaces: whether one keeps all promises of nap/search_space/search_space.h
// and nap/architecture/topology.h.
#ifndef NAP_MODEL_SEARCH_SPACE_CONFORMANCE_H_
#define NAP_MODEL_SEARCH_SPACE_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of the search space that is registered under this name that
//  - MakeSearchSpace makes it, which looks at its cells; the operations are registered, one of them
//    not zero, and operations_per_cell is as many as nodes at least and edges at most;
//  - Plan gives, for many sizes and the usual networks, plans in which each cell has the inputs of
//    its type, from earlier cells or stems, of the channels and the size that these have, and every
//    type occurs; or refuses with InvalidArgument, and certainly without channels, cells or
//    classes;
//  - genotypes are valid, the same when written as JSON or as the space's own text and read again;
//  - a supernet and a derived network of it can be built and trained, with the parameters that
//    NetworkCost counts.
void ExpectSearchSpaceConforms(const std::string& name);

}  // namespace nap

#endif  // NAP_MODEL_SEARCH_SPACE_CONFORMANCE_H_
