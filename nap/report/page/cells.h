// Cells, drawn for a page.
#ifndef NAP_REPORT_PAGE_CELLS_H_
#define NAP_REPORT_PAGE_CELLS_H_

#include <string>
#include <vector>

#include "nap/architecture/genotype.h"

namespace nap {

// For each genotype the markup of a figure a cell. Where Graphviz is missing or fails, the cells
// are there as text. Takes some 20 ms, mostly to start Graphviz.
std::vector<std::vector<std::string>> DrawCells(const std::vector<Genotype>& genotypes);

// The operations of the genotype, each once, in order of name.
std::vector<std::string> OperationsOf(const Genotype& genotype);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_CELLS_H_
