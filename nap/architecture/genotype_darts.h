// genotype.txt: the line that DARTS code bases read,
//   Genotype(normal=[('sep_conv_3x3', 1), ...], normal_concat=[2, 3, 4, 5], reduce=[...], ...)
#ifndef NAP_ARCHITECTURE_GENOTYPE_DARTS_H_
#define NAP_ARCHITECTURE_GENOTYPE_DARTS_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "nap/architecture/genotype.h"

namespace nap {

inline constexpr char kDarts[] = "darts";          // the search space
inline constexpr char kDartsNodesKey[] = "nodes";  // its parameter: "darts:nodes=5"
inline constexpr int kDartsNodes = 4;              // unless that says otherwise

// DARTS keeps two inputs a node, all in one list. A node with one is padded with ('none', 0), which
// DARTS knows. A cell in which a node has more than two is written with a list a node: Python reads
// it, and DARTS's own code refuses it instead of building another network. The cells must be
// "normal" and "reduce" (the darts space's); no operation's name may hold quotes or backslashes.
std::string GenotypeToDarts(const Genotype& genotype);

// Reads both forms; also tuples for lists, range(2, 6) for a concat, either quotes, comments,
// NumPy's np.int64(2), AutoDL-Projects' connectN=None, its dictionaries with the weight of each
// operation behind its source, {'normal': [(('sep_conv_3x3', 1, 0.13), ...), ...], ...}, a leading
// "NAME =", and any number of nodes. Operations `none`, padding or not, are left out. FairDARTS's
// triples (operation, node, source) are read as its own network does: nodes without operations are
// left out of the output, whatever the concat says. InvalidArgument with the byte (from 0) at which
// it went wrong.
absl::StatusOr<Genotype> GenotypeFromDarts(absl::string_view text);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_DARTS_H_
