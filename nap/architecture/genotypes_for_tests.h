// Genotypes to test with: the ones that DARTS publishes, and random ones.
#ifndef NAP_ARCHITECTURE_GENOTYPES_FOR_TESTS_H_
#define NAP_ARCHITECTURE_GENOTYPES_FOR_TESTS_H_

#include "nap/architecture/genotype.h"
#include "nap/base/random.h"

namespace nap {

// DARTS's second-order result, and the line that stands for it in DARTS code bases.
Genotype DartsV2();
extern const char kDartsV2Line[];

// Valid in the darts space: 1 .. `most_inputs` (at most 14) inputs a node, sorted by source.
Genotype RandomGenotype(RandomStream& random, int most_inputs);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPES_FOR_TESTS_H_
