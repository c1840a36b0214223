// Cells for the eye.
#ifndef NAP_ARCHITECTURE_DRAWING_H_
#define NAP_ARCHITECTURE_DRAWING_H_

#include <absl/status/status.h>

#include <string>

#include "nap/architecture/genotype.h"

namespace nap {

// A line a node, for a terminal. `num_inputs`: of the cell.
std::string CellToText(const CellGenotype& cell, int num_inputs);

// A Graphviz graph with all cells, side by side.
std::string GenotypeToDot(const Genotype& genotype, int num_inputs);

// Runs Graphviz's dot. NotFound if it is not installed.
absl::Status RenderSvg(const std::string& dot_file, const std::string& svg_file);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_DRAWING_H_
