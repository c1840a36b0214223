#include "nap/architecture/drawing.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include <set>
#include <vector>

#include "nap/base/files.h"
#include "nap/base/process.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr char kGraphStyle[] =
    "  rankdir=LR;\n"
    "  nodesep=0.18;\n"
    "  ranksep=0.3;\n"
    "  graph [fontname=\"Helvetica\", fontsize=16, color=\"#bbbbbb\"];\n"
    "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fillcolor=\"#dbe9f6\", "
    "color=\"#4a6f93\"];\n"
    "  edge [color=\"#555555\"];\n";
constexpr char kInputStyle[] = "fillcolor=\"#dff0d8\", color=\"#5b8a4b\"";
constexpr char kUnusedStyle[] = "fillcolor=\"#f2f2f2\", color=\"#bbbbbb\", fontcolor=\"#666666\"";
constexpr char kOperationStyle[] =
    "shape=plaintext, style=\"\", fontsize=11, width=0, height=0.2, margin=\"0.04,0.02\", "
    "class=\"operation\"";
constexpr char kOutputStyle[] = "fillcolor=\"#fbe8c8\", color=\"#b08a3e\"";
constexpr char kConcatStyle[] = "color=\"#b0b0b0\"";

std::set<int> UsedInputs(const CellGenotype& cell, int num_inputs) {
  std::set<int> used;
  for (const auto& inputs : cell.nodes) {
    for (const GenotypeInput& input : inputs) {
      if (input.source < num_inputs) used.insert(input.source);
    }
  }
  return used;
}

std::string NodeText(int node, int num_inputs) {
  return absl::StrCat(node < num_inputs ? "" : "node ", NodeName(node, num_inputs));
}

// A string of the DOT language.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// The cells have node ids of their own, a graph has not.
std::string DotId(const CellGenotype& cell, int node) {
  return Quoted(absl::StrCat(cell.name, "_", node));
}

// Unlike those of nodes.
std::string DotIdOfOperation(const CellGenotype& cell, int number) {
  return Quoted(absl::StrCat(cell.name, ":", number));
}

using EdgeClass = std::function<std::string(const std::string&)>;

std::string DotCluster(const CellGenotype& cell, int num_inputs, const EdgeClass& edge_class) {
  std::string dot = absl::StrCat("  subgraph ", Quoted("cluster_" + cell.name),
                                 " {\n    label=", Quoted(CellTitle(cell.name)), ";\n");
  const std::set<int> used = UsedInputs(cell, num_inputs);
  for (int input = 0; input < num_inputs; ++input) {
    const bool is_used = used.count(input) != 0;
    absl::StrAppend(&dot, "    ", DotId(cell, input), " [label=\"", NodeName(input, num_inputs),
                    is_used ? "" : "\\nnot used", "\", ", is_used ? kInputStyle : kUnusedStyle,
                    "];\n");
  }
  absl::StrAppend(&dot, "    {rank=same;");
  for (int input = 0; input < num_inputs; ++input) {
    absl::StrAppend(&dot, " ", DotId(cell, input), ";");
  }
  absl::StrAppend(&dot, "}\n");
  const int output = num_inputs + static_cast<int>(cell.nodes.size());
  int operations = 0;
  for (int node = num_inputs; node < output; ++node) {
    absl::StrAppend(&dot, "    ", DotId(cell, node), " [label=\"", node, "\"];\n");
    for (const GenotypeInput& input : cell.nodes[node - num_inputs]) {
      // A node of its own: dot leads no edge through it, as it does through labels.
      const std::string operation = DotIdOfOperation(cell, operations++);
      const std::string style =
          edge_class ? absl::StrCat("class=", Quoted(edge_class(input.operation))) : "";
      absl::StrAppend(&dot, "    ", operation, " [label=", Quoted(input.operation), ", ",
                      kOperationStyle, "];\n");
      absl::StrAppend(&dot, "    ", DotId(cell, input.source), " -> ", operation,
                      " [arrowhead=none", edge_class ? ", " : "", style, "];\n");
      absl::StrAppend(&dot, "    ", operation, " -> ", DotId(cell, node), " [", style, "];\n");
    }
  }
  absl::StrAppend(&dot, "    ", DotId(cell, output), " [label=\"c_{k}\", ", kOutputStyle, "];\n");
  for (int node : cell.concat) {
    absl::StrAppend(&dot, "    ", DotId(cell, node), " -> ", DotId(cell, output), " [",
                    kConcatStyle, "];\n");
  }
  return dot + "  }\n";
}

// A drawing takes a tenth of one; without its fonts, say, dot may wait for ever.
constexpr double kMostSeconds = 30;

// The SVG of the file of this name, or, if it has none, of `input`.
absl::StatusOr<std::string> RunDot(const std::string& dot_file, const std::string& input) {
  std::vector<std::string> arguments = {"dot", "-Tsvg"};
  if (!dot_file.empty()) arguments.push_back(dot_file);
  const absl::StatusOr<ProcessResult> dot = RunProcess(arguments, input, kMostSeconds);
  if (absl::IsNotFound(dot.status())) {
    return absl::NotFoundError("Graphviz (dot) is not installed");
  }
  if (!dot.ok()) return dot.status();
  if (dot->exit_code == 0 && absl::EndsWith(dot->output, "</svg>\n")) return dot->output;
  return absl::UnavailableError(absl::StrCat(
      "dot cannot draw ", dot_file.empty() ? "the graph" : dot_file, ": ",
      absl::StrReplaceAll(absl::StripTrailingAsciiWhitespace(dot->errors), {{"\n", "; "}})));
}

}  // namespace

std::string NodeName(int node, int num_inputs) {
  return node < num_inputs ? absl::StrCat("c_{k-", num_inputs - node, "}") : absl::StrCat(node);
}

std::string CellToText(const CellGenotype& cell, int num_inputs) {
  std::string text = absl::StrCat(CellTitle(cell.name), "\n");
  for (size_t i = 0; i < cell.nodes.size(); ++i) {
    const auto input_text = [&](std::string* out, const GenotypeInput& input) {
      absl::StrAppend(out, input.operation, "(", NodeText(input.source, num_inputs), ")");
    };
    absl::StrAppend(
        &text, "  node ", num_inputs + i, " = ",
        cell.nodes[i].empty() ? "nothing" : absl::StrJoin(cell.nodes[i], " + ", input_text), "\n");
  }
  absl::StrAppend(&text, "  output = concat(",
                  absl::StrJoin(cell.concat, ", ",
                                [&](std::string* out, int node) {
                                  absl::StrAppend(out, NodeText(node, num_inputs));
                                }),
                  ")\n");
  const std::set<int> used = UsedInputs(cell, num_inputs);
  for (int input = 0; input < num_inputs; ++input) {
    if (used.count(input) == 0) {
      absl::StrAppend(&text, "  ", NodeText(input, num_inputs), " is not used\n");
    }
  }
  return text;
}

std::string OperationCountsText(const CellGenotype& cell) {
  return absl::StrJoin(CountOperations(cell), ", ", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, entry.second, " ", entry.first);
  });
}

std::string GenotypeToDot(const Genotype& genotype, const std::vector<int>& num_inputs,
                          const EdgeClass& edge_class) {
  std::string dot = absl::StrCat("digraph genotype {\n", kGraphStyle);
  // dot stacks clusters from the bottom up.
  for (size_t i = genotype.cells.size(); i-- > 0;) {
    absl::StrAppend(&dot, DotCluster(genotype.cells[i], num_inputs[i], edge_class));
  }
  return dot + "}\n";
}

absl::Status RenderSvg(const std::string& dot_file, const std::string& svg_file) {
  // dot itself exits with 0 when the disk is full, so the writing is done here.
  NAP_ASSIGN_OR_RETURN(const std::string svg, RunDot(dot_file, ""));
  return WriteFileAtomically(svg_file, svg);
}

absl::StatusOr<std::string> DotToSvg(const std::string& dot) { return RunDot("", dot); }

}  // namespace nap
