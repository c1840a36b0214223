// What NNI (microsoft/nni) exports of a search in its DARTS space: from version 3 on
//   {"normal/op_2_0": "sep_conv_3x3", "normal/input_2_0": [0], ...},
// before
//   {"normal_n2_p0": "sepconv3x3", ..., "normal_n2_switch": ["normal_n2_p0", ...], ...},
// with a number, or a list of which one is true, for a name.
#ifndef NAP_ARCHITECTURE_GENOTYPE_NNI_H_
#define NAP_ARCHITECTURE_GENOTYPE_NNI_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "nap/architecture/genotype.h"

namespace nap {

// JSON or, as logs have it, Python's dictionary. The output is made of all nodes, as in NNI's DARTS
// space; its other spaces, which have five nodes, are refused, since what their output is made of
// is not in the file. What it says of the network's size is passed over. InvalidArgument that says
// what is wrong where.
absl::StatusOr<Genotype> GenotypeFromNni(absl::string_view text);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_GENOTYPE_NNI_H_
