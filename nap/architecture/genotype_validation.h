#ifndef NAP_ARCHITECTURE_GENOTYPE_VALIDATION_H_
#define NAP_ARCHITECTURE_GENOTYPE_VALIDATION_H_

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"

namespace nap {

// Whether the genotype is one of a space with these cell types: its cells are theirs, in their
// order; every input is an edge, on which an operation may stand several times; every operation is
// one of `operations`; the output is the cell type's, or any where that is free. InvalidArgument
// that names the cell and node at fault, or all operations that are unknown.
absl::Status ValidateGenotype(const Genotype& genotype, const std::vector<CellTopology>& cell_types,
                              const std::vector<std::string>& operations);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_VALIDATION_H_
