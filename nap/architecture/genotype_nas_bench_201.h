// NAS-Bench-201's architecture strings (Dong, Yang 2020): an operation for each of a cell's six
// edges, node after node,
//   |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|
// The cell's input is node 0.
#ifndef NAP_ARCHITECTURE_GENOTYPE_NAS_BENCH_201_H_
#define NAP_ARCHITECTURE_GENOTYPE_NAS_BENCH_201_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "nap/architecture/genotype.h"

namespace nap {

inline constexpr char kNasBench201[] = "nas_bench_201";  // the search space
inline constexpr char kNasBench201Cell[] = "cell";       // its only cell type
inline constexpr int kNasBench201Nodes = 3;              // its intermediate nodes, 1 to 3

// The candidates, `none` first.
const std::vector<std::string>& NasBench201Operations();

// An edge without operation is written as `none`, one that keeps several with an entry for each
// of them. The genotype must be of this search space.
std::string GenotypeToNasBench201(const Genotype& genotype);

// A node that has `none` on all of its edges is left empty. White space around the string is fine.
// InvalidArgument that says where the string goes wrong; names of operations are not looked at.
absl::StatusOr<Genotype> GenotypeFromNasBench201(absl::string_view text);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_NAS_BENCH_201_H_
