// Genotypes that a user names.
#ifndef NAP_SEARCH_SPACE_GENOTYPE_LOOKUP_H_
#define NAP_SEARCH_SPACE_GENOTYPE_LOOKUP_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "nap/architecture/genotype.h"

namespace nap {

// A published one (published_genotypes.h), a text in a search space's own format (DARTS's line, a
// NAS-Bench-201 string), or a file with genotype.json's format or such a text, which may stand
// anywhere in it: in a log, in Python. FILE:NAME is the one that is assigned to NAME there. Of
// several without different names the last one is taken, and `note` says so in a line.
// InvalidArgument, NotFound or Unavailable that names the file or text and what is wrong with it.
absl::StatusOr<Genotype> FindGenotype(const std::string& name_or_file, std::string* note = nullptr);

// The only one that the text has, in genotype.json's format or a search space's own. The genotype
// has its search space's SearchSpace::name(), if that is known. InvalidArgument that says what is
// wrong with the text.
absl::StatusOr<Genotype> ParseGenotype(absl::string_view text);

// Whether there is something in it that looks like one.
bool LooksLikeGenotype(absl::string_view text);

}  // namespace nap

#endif  // NAP_SEARCH_SPACE_GENOTYPE_LOOKUP_H_
