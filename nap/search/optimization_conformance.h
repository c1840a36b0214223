// For authors of optimizations: whether one keeps all promises of nap/search/optimization.h.
#ifndef NAP_SEARCH_OPTIMIZATION_CONFORMANCE_H_
#define NAP_SEARCH_OPTIMIZATION_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of the optimization that is registered under this name that a step
//  - moves weights and strengths, and says the loss and logits of the train batch;
//  - leaves the gradients that it applied to the strengths, one for each living operation;
//  - reads the validation batch if and only if it says so (reads_valid);
//  - changes nothing where no loss is finite;
//  - gives the same bits from the same state and batches.
void ExpectOptimizationConforms(const std::string& name);

}  // namespace nap

#endif  // NAP_SEARCH_OPTIMIZATION_CONFORMANCE_H_
