// Files with an architecture a line, perhaps with its accuracy.
#ifndef NAP_SEARCH_SPACE_GENOTYPE_LIST_H_
#define NAP_SEARCH_SPACE_GENOTYPE_LIST_H_

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"

namespace nap {

struct ListedGenotype {
  int line;          // from 1
  std::string text;  // as it is in the file, without quotes around it
  Genotype genotype;
  std::optional<double> accuracy;
};

// A line has a genotype in genotype.json's format or in its search space's own (DARTS's line, a
// NAS-Bench-201 string), in double quotes or without, and perhaps a comma and a number; more
// columns are passed over. Empty lines, those that begin with '#', and a first line that is a
// table's heading ("architecture,accuracy") are passed over, too. All of them have an accuracy or
// none has. Architectures may be of one search space only. NotFound, Unavailable or InvalidArgument
// that names the file and, if there is one, the line at fault.
absl::StatusOr<std::vector<ListedGenotype>> ReadGenotypeList(const std::string& file);

}  // namespace nap

#endif  // NAP_SEARCH_SPACE_GENOTYPE_LIST_H_
