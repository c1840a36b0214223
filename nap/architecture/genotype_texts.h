// Where genotypes in other programs' formats stand in longer texts: logs, Python files, what was
// pasted from them.
#ifndef NAP_ARCHITECTURE_GENOTYPE_TEXTS_H_
#define NAP_ARCHITECTURE_GENOTYPE_TEXTS_H_

#include <absl/strings/string_view.h>

#include <vector>

namespace nap {

// All functions: parts of `text` in their order, which do not overlap, in time linear in its size.
// What is found may yet be damaged: reading it says how.

// From "Genotype(" to its closing parenthesis, or, where there is none with data in it,
// AutoDL-Projects' dictionaries {'normal': [...], ...} from brace to brace. Calls that are code,
// not data (their normal= is no list), and what a Python file has commented out are given only if
// there is nothing else.
std::vector<absl::string_view> DartsTextsIn(absl::string_view text);

// NNI's exported dictionaries (genotype_nni.h), from brace to brace.
std::vector<absl::string_view> NniTextsIn(absl::string_view text);

// NAS-Bench-201's strings, also within "Structure(4 nodes with ...)".
std::vector<absl::string_view> NasBench201TextsIn(absl::string_view text);

// The name that is assigned `part` of `text`, as in Python: "DARTS_V2 = Genotype(...)". Empty:
// none. Looks back to `begin` at most.
absl::string_view NameOf(absl::string_view part, absl::string_view text, size_t begin);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_TEXTS_H_
