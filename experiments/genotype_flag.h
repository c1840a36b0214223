// --genotype, which names a genotype or the run that found it.
#ifndef EXPERIMENTS_GENOTYPE_FLAG_H_
#define EXPERIMENTS_GENOTYPE_FLAG_H_

#include <absl/status/statusor.h>

#include <string>

#include "nap/architecture/genotype.h"

namespace nap {

// As FindGenotype (nap/search_space/genotype_lookup.h), or a run's folder, of which it is the
// genotype. FailedPrecondition that says how to go on if the folder's search has none yet, NotFound
// if it is no run's.
absl::StatusOr<Genotype> GenotypeFromFlag(const std::string& value, std::string* note);

}  // namespace nap

#endif  // EXPERIMENTS_GENOTYPE_FLAG_H_
