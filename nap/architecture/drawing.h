// Cells for the eye.
#ifndef NAP_ARCHITECTURE_DRAWING_H_
#define NAP_ARCHITECTURE_DRAWING_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"

namespace nap {

// What a node is called wherever people see it: its number, or an input by the field's name for the
// cell that it comes from, c_{k-1} for the one before this one.
std::string NodeName(int node, int num_inputs);

// A line a node, for a terminal; says which of the cell's `num_inputs` inputs are not used.
std::string CellToText(const CellGenotype& cell, int num_inputs);

// How often the cell uses each operation: "2 max_pool_3x3, 6 sep_conv_3x3".
std::string OperationCountsText(const CellGenotype& cell);

// A Graphviz graph: a cluster a cell, the operations on its edges; an input that is not used is
// grey and says so. `num_inputs`: of the genotype's cells, in their order. `edge_class`: of the
// edges of an operation, for style sheets.
std::string GenotypeToDot(
    const Genotype& genotype, const std::vector<int>& num_inputs,
    const std::function<std::string(const std::string& operation)>& edge_class = nullptr);

// Runs Graphviz's dot. NotFound if it is not installed, Unavailable with what dot says if it fails.
absl::Status RenderSvg(const std::string& dot_file, const std::string& svg_file);

// The same without files. Of several graphs the drawings follow one another.
absl::StatusOr<std::string> DotToSvg(const std::string& dot);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_DRAWING_H_
