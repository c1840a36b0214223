// For authors of relaxations: whether one keeps all promises of nap/relaxation/relaxation.h.
#ifndef NAP_RELAXATION_RELAXATION_CONFORMANCE_H_
#define NAP_RELAXATION_RELAXATION_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of the relaxation that is registered under this name that
//  - mixing weights have the strengths' shape and type, are finite, also where nothing lives on an
//    edge or at a node and where strengths are large, and exactly 0 for what does not live;
//  - strengths of what does not live have no say and get no gradient, the others' gradients are the
//    numerical ones;
//  - with edge_strengths the weights depend on them, else there are none to look at;
//  - at initial_strength an edge's operations all have the same weight, which is not 0;
//  - the strengths stay as they are.
void ExpectRelaxationConforms(const std::string& name);

}  // namespace nap

#endif  // NAP_RELAXATION_RELAXATION_CONFORMANCE_H_
