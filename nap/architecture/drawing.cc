#include "nap/architecture/drawing.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

extern char** environ;

namespace nap {
namespace {

std::set<int> UsedInputs(const CellGenotype& cell, int num_inputs) {
  std::set<int> used;
  for (const auto& inputs : cell.nodes) {
    for (const GenotypeInput& input : inputs) {
      if (input.source < num_inputs) used.insert(input.source);
    }
  }
  return used;
}

// The field's names: c_{k-2} and c_{k-1} are the cells before this one.
std::string InputName(int input, int num_inputs) {
  return absl::StrCat("c_{k-", num_inputs - input, "}");
}

std::string NodeName(int node, int num_inputs) {
  return node < num_inputs ? InputName(node, num_inputs) : absl::StrCat("node ", node);
}

std::string DotId(const CellGenotype& cell, int node) { return absl::StrCat(cell.name, "_", node); }

}  // namespace

std::string CellToText(const CellGenotype& cell, int num_inputs) {
  std::string text = absl::StrCat(cell.name, " cell\n");
  for (size_t i = 0; i < cell.nodes.size(); ++i) {
    const int node = num_inputs + static_cast<int>(i);
    absl::StrAppend(&text, "  node ", node, " = ",
                    absl::StrJoin(cell.nodes[i], " + ",
                                  [&](std::string* out, const GenotypeInput& input) {
                                    absl::StrAppend(out, input.operation, "(",
                                                    NodeName(input.source, num_inputs), ")");
                                  }),
                    "\n");
  }
  absl::StrAppend(&text, "  output = concat(",
                  absl::StrJoin(cell.concat, ", ",
                                [&](std::string* out, int node) {
                                  absl::StrAppend(out, NodeName(node, num_inputs));
                                }),
                  ")\n");
  const std::set<int> used = UsedInputs(cell, num_inputs);
  for (int input = 0; input < num_inputs; ++input) {
    if (used.count(input) == 0) {
      absl::StrAppend(&text, "  ", InputName(input, num_inputs), " is not used\n");
    }
  }
  return text;
}

std::string GenotypeToDot(const Genotype& genotype, int num_inputs) {
  std::string dot =
      "digraph genotype {\n"
      "  rankdir=LR;\n"
      "  fontname=\"Helvetica\";\n"
      "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fillcolor=\"#dbe9f6\", "
      "color=\"#4a6f93\"];\n"
      "  edge [fontname=\"Helvetica\", fontsize=11, color=\"#555555\"];\n";
  for (const CellGenotype& cell : genotype.cells) {
    absl::StrAppend(&dot, "  subgraph \"cluster_", cell.name, "\" {\n    label=\"", cell.name,
                    " cell\";\n    color=\"#bbbbbb\";\n");
    const std::set<int> used = UsedInputs(cell, num_inputs);
    for (int input = 0; input < num_inputs; ++input) {
      absl::StrAppend(&dot, "    \"", DotId(cell, input), "\" [label=\"",
                      InputName(input, num_inputs), "\", fillcolor=\"#dff0d8\"",
                      used.count(input) == 0 ? ", style=\"rounded,dashed\"" : "", "];\n");
    }
    const int end = num_inputs + static_cast<int>(cell.nodes.size());
    for (int node = num_inputs; node < end; ++node) {
      absl::StrAppend(&dot, "    \"", DotId(cell, node), "\" [label=\"", node, "\"];\n");
      for (const GenotypeInput& input : cell.nodes[node - num_inputs]) {
        absl::StrAppend(&dot, "    \"", DotId(cell, input.source), "\" -> \"", DotId(cell, node),
                        "\" [label=\"", input.operation, "\"];\n");
      }
    }
    absl::StrAppend(&dot, "    \"", DotId(cell, end),
                    "\" [label=\"c_{k}\", fillcolor=\"#fbe8c8\"];\n");
    for (int node : cell.concat) {
      absl::StrAppend(&dot, "    \"", DotId(cell, node), "\" -> \"", DotId(cell, end), "\";\n");
    }
    absl::StrAppend(&dot, "  }\n");
  }
  return dot + "}\n";
}

absl::Status RenderSvg(const std::string& dot_file, const std::string& svg_file) {
  std::vector<std::string> arguments = {"dot", "-Tsvg", "-o", svg_file, dot_file};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ);
  if (error == ENOENT) return absl::NotFoundError("Graphviz (dot) is not installed");
  if (error != 0)
    return absl::UnavailableError(absl::StrCat("cannot run dot: ", std::strerror(error)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("dot could not draw ", dot_file, " as ", svg_file));
}

}  // namespace nap
