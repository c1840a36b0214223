#include "nap/architecture/drawing.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"

extern char** environ;

namespace nap {
namespace {

constexpr char kGraphStyle[] =
    "  rankdir=LR;\n"
    "  nodesep=0.3;\n"
    "  graph [fontname=\"Helvetica\", fontsize=16, color=\"#bbbbbb\"];\n"
    "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fillcolor=\"#dbe9f6\", "
    "color=\"#4a6f93\"];\n"
    "  edge [fontname=\"Helvetica\", fontsize=11, color=\"#555555\"];\n";
constexpr char kInputStyle[] = "fillcolor=\"#dff0d8\", color=\"#5b8a4b\"";
constexpr char kUnusedStyle[] =
    "style=\"rounded,dashed\", color=\"#999999\", fontcolor=\"#999999\"";
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
  return absl::StrCat(node < num_inputs ? "input " : "node ", node);
}

// A string of the DOT language.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// The cells have node ids of their own, a graph has not.
std::string DotId(const CellGenotype& cell, int node) {
  return Quoted(absl::StrCat(cell.name, "_", node));
}

using EdgeClass = std::function<std::string(const std::string&)>;

std::string DotCluster(const CellGenotype& cell, int num_inputs, const EdgeClass& edge_class) {
  std::string dot = absl::StrCat("  subgraph ", Quoted("cluster_" + cell.name),
                                 " {\n    label=", Quoted(CellTitle(cell.name)), ";\n");
  const std::set<int> used = UsedInputs(cell, num_inputs);
  for (int input = 0; input < num_inputs; ++input) {
    // The field's names: c_{k-2} and c_{k-1} are the cells before this one.
    absl::StrAppend(&dot, "    ", DotId(cell, input), " [label=\"c_{k-", num_inputs - input,
                    "}\", ", used.count(input) != 0 ? kInputStyle : kUnusedStyle, "];\n");
  }
  absl::StrAppend(&dot, "    {rank=same;");
  for (int input = 0; input < num_inputs; ++input) {
    absl::StrAppend(&dot, " ", DotId(cell, input), ";");
  }
  absl::StrAppend(&dot, "}\n");
  const int output = num_inputs + static_cast<int>(cell.nodes.size());
  for (int node = num_inputs; node < output; ++node) {
    absl::StrAppend(&dot, "    ", DotId(cell, node), " [label=\"", node, "\"];\n");
    for (const GenotypeInput& input : cell.nodes[node - num_inputs]) {
      absl::StrAppend(&dot, "    ", DotId(cell, input.source), " -> ", DotId(cell, node),
                      " [label=", Quoted(input.operation));
      if (edge_class) absl::StrAppend(&dot, ", class=", Quoted(edge_class(input.operation)));
      absl::StrAppend(&dot, "];\n");
    }
  }
  absl::StrAppend(&dot, "    ", DotId(cell, output), " [label=\"c_{k}\", ", kOutputStyle, "];\n");
  for (int node : cell.concat) {
    absl::StrAppend(&dot, "    ", DotId(cell, node), " -> ", DotId(cell, output), " [",
                    kConcatStyle, "];\n");
  }
  return dot + "  }\n";
}

// Takes what a child process writes, however much it is, or is what it reads.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("dot", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(file_); }

  int file() const { return file_; }

  absl::Status Write(absl::string_view content) {
    while (!content.empty()) {
      const ssize_t count = ::write(file_, content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        return absl::UnavailableError(absl::StrCat("cannot run dot: ", std::strerror(errno)));
      }
      content.remove_prefix(static_cast<size_t>(count));
    }
    ::lseek(file_, 0, SEEK_SET);
    return absl::OkStatus();
  }

  std::string Content() const {
    std::string content;
    char block[1 << 14];
    for (;;) {
      const ssize_t count = ::pread(file_, block, sizeof block, static_cast<off_t>(content.size()));
      if (count <= 0) return content;
      content.append(block, static_cast<size_t>(count));
    }
  }

 private:
  int file_;
};

// The SVG of a file, or, if that is empty, of what `input` holds.
absl::StatusOr<std::string> RunDot(const std::string& dot_file, const MemoryFile& input) {
  std::vector<std::string> arguments = {"dot", "-Tsvg"};
  if (!dot_file.empty()) arguments.push_back(dot_file);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const MemoryFile output, errors;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.file(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.file(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors.file(), STDERR_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return absl::NotFoundError("Graphviz (dot) is not installed");
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("cannot run dot: ", std::strerror(error)));
  }
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string svg = output.Content();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && absl::EndsWith(svg, "</svg>\n")) return svg;
  return absl::UnavailableError(absl::StrCat(
      "dot cannot draw ", dot_file.empty() ? "the graph" : dot_file, ": ",
      absl::StrReplaceAll(absl::StripTrailingAsciiWhitespace(errors.Content()), {{"\n", "; "}})));
}

}  // namespace

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

std::string GenotypeToDot(const Genotype& genotype, int num_inputs, const EdgeClass& edge_class) {
  std::string dot = absl::StrCat("digraph genotype {\n", kGraphStyle);
  // dot stacks clusters from the bottom up.
  for (auto cell = genotype.cells.rbegin(); cell != genotype.cells.rend(); ++cell) {
    absl::StrAppend(&dot, DotCluster(*cell, num_inputs, edge_class));
  }
  return dot + "}\n";
}

absl::Status RenderSvg(const std::string& dot_file, const std::string& svg_file) {
  // dot itself exits with 0 when the disk is full, so the writing is done here.
  NAP_ASSIGN_OR_RETURN(const std::string svg, RunDot(dot_file, MemoryFile()));
  return WriteFileAtomically(svg_file, svg);
}

absl::StatusOr<std::string> DotToSvg(const std::string& dot) {
  MemoryFile input;
  NAP_RETURN_IF_ERROR(input.Write(dot));
  return RunDot("", input);
}

}  // namespace nap
