// Cells that are known by a name.
#ifndef NAP_SEARCH_SPACE_PUBLISHED_GENOTYPES_H_
#define NAP_SEARCH_SPACE_PUBLISHED_GENOTYPES_H_

#include <string>
#include <vector>

namespace nap {

// NASNet (Zoph et al. 2018, NASNet-A) and AmoebaNet (Real et al. 2019, AmoebaNet-A), in the form in
// which DARTS's code states them; DARTS_V1, DARTS_V2 (Liu, Simonyan, Yang 2019), PDARTS (Chen et
// al. 2019), PC_DARTS_cifar, PC_DARTS_image (Xu et al. 2020).
std::vector<std::string> PublishedGenotypes();

// The line that DARTS's code has for it; null if there is none of that name.
const char* PublishedGenotype(const std::string& name);

}  // namespace nap

#endif  // NAP_SEARCH_SPACE_PUBLISHED_GENOTYPES_H_
