#include "nap/architecture/genotype_nas_bench_201.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <utility>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

absl::Status Error(int node, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("NAS-Bench-201 architecture: node ", node, " ", what));
}

absl::Status ReadNode(absl::string_view text, int node, std::vector<GenotypeInput>* inputs) {
  if (text.size() < 2 || text.front() != '|' || text.back() != '|') {
    return Error(node, absl::StrCat("must begin and end with '|', not be '", text, "'"));
  }
  int next = 0;  // the first source that has not been seen
  for (absl::string_view entry : absl::StrSplit(text.substr(1, text.size() - 2), '|')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(entry, absl::MaxSplits('~', 1));
    int source = 0;
    if (parts.first.empty() || !absl::SimpleAtoi(parts.second, &source)) {
      return Error(node, absl::StrCat("has '", entry, "' instead of operation~node"));
    }
    if (source == next && next < node) {
      ++next;
    } else if (next == 0 || source != next - 1) {
      return Error(node, absl::StrCat("must read the nodes 0 to ", node - 1, " in order; '", entry,
                                      "' does not fit"));
    }
    if (parts.first != kNoOperation) inputs->push_back({std::string(parts.first), source});
  }
  if (next < node) return Error(node, absl::StrCat("lacks an entry for node ", next));
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& NasBench201Operations() {
  static const auto* const operations = new std::vector<std::string>{
      kNoOperation, "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"};
  return *operations;
}

std::string GenotypeToNasBench201(const Genotype& genotype) {
  std::string text;
  int node = 0;
  for (const auto& inputs : genotype.cells.front().nodes) {
    absl::StrAppend(&text, node == 0 ? "|" : "+|");
    ++node;
    for (int source = 0; source < node; ++source) {
      bool any = false;
      for (const GenotypeInput& input : inputs) {
        if (input.source != source) continue;
        absl::StrAppend(&text, input.operation, "~", source, "|");
        any = true;
      }
      if (!any) absl::StrAppend(&text, kNoOperation, "~", source, "|");
    }
  }
  return text;
}

absl::StatusOr<Genotype> GenotypeFromNasBench201(absl::string_view text) {
  const std::vector<absl::string_view> nodes =
      absl::StrSplit(absl::StripAsciiWhitespace(text), '+');
  if (nodes.size() != kNasBench201Nodes) {
    return absl::InvalidArgumentError(absl::StrCat("NAS-Bench-201 architecture: it must have ",
                                                   kNasBench201Nodes, " nodes joined by '+', not ",
                                                   nodes.size()));
  }
  CellGenotype cell{kNasBench201Cell, {}, {kNasBench201Nodes}};
  for (const absl::string_view node : nodes) {
    const int number = static_cast<int>(cell.nodes.size()) + 1;
    cell.nodes.emplace_back();
    NAP_RETURN_IF_ERROR(ReadNode(node, number, &cell.nodes.back()));
  }
  return Genotype{kNasBench201, {std::move(cell)}};
}

}  // namespace nap
