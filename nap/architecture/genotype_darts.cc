#include "nap/architecture/genotype_darts.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <vector>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr size_t kInputsOfANode = 2;
constexpr int kCellInputs = 2;

bool CellFits(const CellGenotype& cell) {
  return std::all_of(cell.nodes.begin(), cell.nodes.end(),
                     [](const auto& inputs) { return inputs.size() <= kInputsOfANode; });
}

std::string InputList(const std::vector<GenotypeInput>& inputs) {
  return absl::StrJoin(inputs, ", ", [](std::string* out, const GenotypeInput& input) {
    absl::StrAppend(out, "('", input.operation, "', ", input.source, ")");
  });
}

std::string CellText(const CellGenotype& cell) {
  std::vector<std::string> nodes;
  const bool flat = CellFits(cell);
  for (std::vector<GenotypeInput> inputs : cell.nodes) {
    if (flat) inputs.resize(kInputsOfANode, {kNoOperation, 0});
    nodes.push_back(flat ? InputList(inputs) : absl::StrCat("[", InputList(inputs), "]"));
  }
  return absl::StrCat(cell.name, "=[", absl::StrJoin(nodes, ", "), "], ", cell.name, "_concat=[",
                      absl::StrJoin(cell.concat, ", "), "]");
}

// As MakeSearchSpace names it.
std::string DartsSpace(size_t nodes) {
  return nodes == kDartsNodes ? kDarts : absl::StrCat(kDarts, ":", kDartsNodesKey, "=", nodes);
}

// A reader of the few Python expressions that such a line is made of.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  bool ReadsOpening() { return ReadOpening().ok(); }

  absl::StatusOr<Genotype> ReadGenotype() {
    NAP_RETURN_IF_ERROR(ReadOpening());
    Genotype genotype{"", {{"normal", {}, {}}, {"reduce", {}, {}}}};
    for (CellGenotype& cell : genotype.cells) {
      if (&cell != &genotype.cells.front()) NAP_RETURN_IF_ERROR(Expect(','));
      NAP_RETURN_IF_ERROR(ExpectKey(cell.name));
      NAP_RETURN_IF_ERROR(ReadNodes(&cell.nodes));
      NAP_RETURN_IF_ERROR(Expect(','));
      NAP_RETURN_IF_ERROR(ExpectKey(cell.name + "_concat"));
      NAP_RETURN_IF_ERROR(
          ReadConcat(kCellInputs + static_cast<int>(cell.nodes.size()), &cell.concat));
    }
    Accept(',');
    NAP_RETURN_IF_ERROR(Expect(')'));
    Skip();
    if (position_ != text_.size()) return Error("expected the end");
    genotype.search_space = DartsSpace(genotype.cells.front().nodes.size());
    return genotype;
  }

 private:
  // "Genotype(", with or without "NAME =" before it.
  absl::Status ReadOpening() {
    Skip();
    size_t begin = position_;
    NAP_ASSIGN_OR_RETURN(std::string name, Name());
    if (Accept('=')) {
      Skip();
      begin = position_;
      NAP_ASSIGN_OR_RETURN(name, Name());
    }
    if (name == "Genotype") return Expect('(');
    position_ = begin;
    return Error("expected 'Genotype('");
  }

  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("DARTS genotype: byte ", position_, ": ", what));
  }

  void Skip() {
    while (position_ < text_.size() && absl::ascii_isspace(text_[position_])) ++position_;
  }

  bool Accept(char wanted) {
    Skip();
    if (position_ == text_.size() || text_[position_] != wanted) return false;
    ++position_;
    return true;
  }

  absl::Status Expect(char wanted) {
    if (Accept(wanted)) return absl::OkStatus();
    return Error(absl::StrCat("expected '", std::string(1, wanted), "'"));
  }

  // `[` or `(`; returns what closes it.
  absl::StatusOr<char> Open() {
    if (Accept('[')) return ']';
    if (Accept('(')) return ')';
    return Error("expected a list");
  }

  absl::StatusOr<std::string> Name() {
    Skip();
    const size_t begin = position_;
    while (position_ < text_.size() &&
           (absl::ascii_isalnum(text_[position_]) || text_[position_] == '_')) {
      ++position_;
    }
    if (position_ == begin) return Error("expected a name");
    return std::string(text_.substr(begin, position_ - begin));
  }

  absl::Status ExpectKey(const std::string& key) {
    Skip();
    const size_t begin = position_;
    const absl::StatusOr<std::string> name = Name();
    if (!name.ok() || *name != key) {
      position_ = begin;
      return Error(absl::StrCat("expected '", key, "='"));
    }
    return Expect('=');
  }

  // 0 .. end-1.
  absl::StatusOr<int> Number(absl::string_view what, int end) {
    Skip();
    const size_t begin = position_;
    while (position_ < text_.size() && absl::ascii_isdigit(text_[position_])) ++position_;
    int value = 0;
    if (absl::SimpleAtoi(text_.substr(begin, position_ - begin), &value) && value < end) {
      return value;
    }
    position_ = begin;
    return Error(absl::StrCat("expected ", what, ", a number below ", end));
  }

  absl::StatusOr<std::string> OperationName() {
    const char quote = Accept('\'') ? '\'' : Accept('"') ? '"' : '\0';
    if (quote == '\0') return Error("expected an operation's name in quotes");
    const size_t begin = position_;
    const size_t end = text_.find_first_of("'\"\\\r\n", begin);
    if (end == absl::string_view::npos || end == begin || text_[end] != quote) {
      return Error(absl::StrCat("expected an operation's name and then ", std::string(1, quote)));
    }
    position_ = end + 1;
    return std::string(text_.substr(begin, end - begin));
  }

  // ('sep_conv_3x3', 1) after its opening parenthesis.
  absl::StatusOr<GenotypeInput> InputAfter(char close, int node) {
    NAP_ASSIGN_OR_RETURN(const std::string operation, OperationName());
    NAP_RETURN_IF_ERROR(Expect(','));
    NAP_ASSIGN_OR_RETURN(const int source, Number("a node before this one", node));
    Accept(',');
    NAP_RETURN_IF_ERROR(Expect(close));
    return GenotypeInput{operation, source};
  }

  // A flat list of pairs, or a list of such lists. What stands behind two brackets tells: a quote
  // or another bracket.
  absl::Status ReadNodes(std::vector<std::vector<GenotypeInput>>* nodes) {
    NAP_ASSIGN_OR_RETURN(const char close, Open());
    size_t inputs = 0;
    bool nested = false;
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const char inner, Open());
      Skip();
      const bool list =
          position_ < text_.size() && text_[position_] != '\'' && text_[position_] != '"';
      if (inputs++ == 0) nested = list;
      if (list != nested) return Error("pairs and lists of pairs are mixed");
      if (nested || inputs % kInputsOfANode == 1) nodes->emplace_back();
      const int node = kCellInputs + static_cast<int>(nodes->size()) - 1;
      if (nested) {
        NAP_RETURN_IF_ERROR(ReadPairs(inner, node, &nodes->back()));
      } else {
        NAP_ASSIGN_OR_RETURN(const GenotypeInput input, InputAfter(inner, node));
        Keep(input, &nodes->back());
      }
      if (!Accept(',')) {
        NAP_RETURN_IF_ERROR(Expect(close));
        break;
      }
    }
    if (!nested && inputs % kInputsOfANode != 0) return Error("a flat list has two pairs a node");
    return absl::OkStatus();
  }

  absl::Status ReadPairs(char close, int node, std::vector<GenotypeInput>* inputs) {
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const char inner, Open());
      NAP_ASSIGN_OR_RETURN(const GenotypeInput input, InputAfter(inner, node));
      Keep(input, inputs);
      if (!Accept(',')) return Expect(close);
    }
    return absl::OkStatus();
  }

  static void Keep(const GenotypeInput& input, std::vector<GenotypeInput>* inputs) {
    if (input.operation != kNoOperation) inputs->push_back(input);
  }

  absl::Status ReadConcat(int end, std::vector<int>* concat) {
    Skip();
    if (position_ < text_.size() && text_[position_] == 'r') {
      NAP_RETURN_IF_ERROR(ReadRangeName());
      NAP_RETURN_IF_ERROR(Expect('('));
      NAP_ASSIGN_OR_RETURN(const int first, Number("the first node", end + 1));
      NAP_RETURN_IF_ERROR(Expect(','));
      NAP_ASSIGN_OR_RETURN(const int last, Number("the end of the range", end + 1));
      NAP_RETURN_IF_ERROR(Expect(')'));
      for (int node = first; node < last; ++node) concat->push_back(node);
      return absl::OkStatus();
    }
    NAP_ASSIGN_OR_RETURN(const char close, Open());
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const int node, Number("a node of this cell", end));
      concat->push_back(node);
      if (!Accept(',')) return Expect(close);
    }
    return absl::OkStatus();
  }

  absl::Status ReadRangeName() {
    const size_t begin = position_;
    NAP_ASSIGN_OR_RETURN(const std::string name, Name());
    if (name == "range") return absl::OkStatus();
    position_ = begin;
    return Error("expected a list or range()");
  }

  const absl::string_view text_;
  size_t position_ = 0;
};

}  // namespace

std::string GenotypeToDarts(const Genotype& genotype) {
  std::vector<std::string> cells;
  for (const CellGenotype& cell : genotype.cells) cells.push_back(CellText(cell));
  return absl::StrCat("Genotype(", absl::StrJoin(cells, ", "), ")");
}

bool FitsDarts(const Genotype& genotype) {
  return std::all_of(genotype.cells.begin(), genotype.cells.end(), CellFits);
}

bool IsDarts(absl::string_view text) { return Reader(text).ReadsOpening(); }

absl::StatusOr<Genotype> GenotypeFromDarts(absl::string_view text) {
  return Reader(text).ReadGenotype();
}

}  // namespace nap
