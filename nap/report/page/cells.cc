#include "nap/report/page/cells.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/string_view.h>

#include <algorithm>
#include <memory>
#include <set>

#include "nap/architecture/drawing.h"
#include "nap/report/page/page.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

// Its search space says it. Of a space that this program does not know, somebody's plugin, the last
// node is taken to lead to the output.
int NumInputs(const std::string& search_space, const CellGenotype& cell) {
  const absl::StatusOr<std::unique_ptr<SearchSpace>> space = MakeSearchSpace(search_space);
  if (space.ok()) {
    for (const CellTopology& topology : (*space)->cell_types()) {
      if (topology.name == cell.name) return topology.num_inputs;
    }
  }
  if (cell.concat.empty()) return 1;
  const int last = *std::max_element(cell.concat.begin(), cell.concat.end());
  return std::max(1, last + 1 - static_cast<int>(cell.nodes.size()));
}

std::string EdgeClass(const std::string& operation) {
  const LineStyle style = OperationStyle(operation);
  return absl::StrCat("e", style.colour, " d", style.dash);
}

// Graphviz numbers the parts of each drawing anew, but a page's ids must differ.
std::string WithoutIds(absl::string_view svg) {
  constexpr absl::string_view kId = " id=\"";
  std::string result;
  for (size_t at = 0;;) {
    const size_t found = svg.find(kId, at);
    absl::StrAppend(&result, svg.substr(at, found - at));
    if (found == absl::string_view::npos) return result;
    at = svg.find('"', found + kId.size()) + 1;
  }
}

// The drawings in what dot wrote about several graphs.
std::vector<std::string> SplitSvgs(absl::string_view text) {
  constexpr absl::string_view kEnd = "</svg>";
  std::vector<std::string> svgs;
  for (size_t begin = text.find("<svg"); begin != absl::string_view::npos;
       begin = text.find("<svg", begin)) {
    const size_t end = text.find(kEnd, begin) + kEnd.size();
    svgs.push_back(WithoutIds(text.substr(begin, end - begin)));
    // Points would make it a third larger than the text around it.
    const size_t tag = svgs.back().find('>');
    svgs.back().replace(0, tag,
                        absl::StrReplaceAll(svgs.back().substr(0, tag), {{"pt\"", "px\""}}));
    begin = end;
  }
  return svgs;
}

std::string Figure(const CellGenotype& cell, int num_inputs, const std::string& svg) {
  const std::string text = Escaped(CellToText(cell, num_inputs));
  const std::string pre = absl::StrCat("<pre>", text, "</pre>\n");
  const std::string caption =
      absl::StrCat("<figcaption><b>", Escaped(CellTitle(cell.name)),
                   "</b>: ", Escaped(OperationCountsText(cell)), "</figcaption>\n");
  if (svg.empty()) return absl::StrCat("<figure class=\"cell\">", caption, pre, "</figure>\n");
  return absl::StrCat("<figure class=\"cell\">", caption, "<div class=\"scroll\" tabindex=\"0\">",
                      svg, "</div>\n", Folded("As text", pre), "</figure>\n");
}

}  // namespace

std::vector<std::vector<std::string>> DrawCells(const std::vector<Genotype>& genotypes) {
  std::string dot;
  std::vector<int> num_inputs;  // a cell
  for (const Genotype& genotype : genotypes) {
    for (const CellGenotype& cell : genotype.cells) {
      num_inputs.push_back(NumInputs(genotype.search_space, cell));
      absl::StrAppend(
          &dot, GenotypeToDot({genotype.search_space, {cell}}, {num_inputs.back()}, EdgeClass));
    }
  }
  std::vector<std::string> svgs;
  if (!num_inputs.empty()) {
    const absl::StatusOr<std::string> drawn = DotToSvg(dot);
    if (drawn.ok()) svgs = SplitSvgs(*drawn);
  }
  svgs.resize(num_inputs.size());
  std::vector<std::vector<std::string>> figures;
  size_t next = 0;
  for (const Genotype& genotype : genotypes) {
    figures.emplace_back();
    for (const CellGenotype& cell : genotype.cells) {
      figures.back().push_back(Figure(cell, num_inputs[next], svgs[next]));
      ++next;
    }
  }
  return figures;
}

std::vector<std::string> OperationsOf(const Genotype& genotype) {
  std::set<std::string> names;
  for (const CellGenotype& cell : genotype.cells) {
    for (const auto& [name, count] : CountOperations(cell)) names.insert(name);
  }
  return {names.begin(), names.end()};
}

}  // namespace nap
