#include "nap/architecture/genotype_darts.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "nap/architecture/python_reader.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr size_t kInputsOfANode = 2;
constexpr int kCellInputs = 2;
constexpr int kMostTripleNodes = 1000;  // what a triple may name as its node

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

// What FairDARTS's own network does with nodes without operations: they are left out of the output,
// whatever the concat says, and so is what reads them.
void LeaveOutEmptyNodes(CellGenotype* cell) {
  const auto is_empty = [&](int node) {
    return node >= kCellInputs && cell->nodes[node - kCellInputs].empty();
  };
  for (auto& inputs : cell->nodes) {
    inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                                [&](const GenotypeInput& input) { return is_empty(input.source); }),
                 inputs.end());
  }
  cell->concat.erase(std::remove_if(cell->concat.begin(), cell->concat.end(), is_empty),
                     cell->concat.end());
}

class DartsReader : private PythonReader {
 public:
  using PythonReader::PythonReader;

  absl::StatusOr<Genotype> ReadGenotype() {
    NAP_RETURN_IF_ERROR(ReadOpening());
    Genotype genotype{"", {{"normal", {}, {}}, {"reduce", {}, {}}}};
    bool triples = false;
    for (CellGenotype& cell : genotype.cells) {
      if (&cell != &genotype.cells.front()) NAP_RETURN_IF_ERROR(Expect(','));
      NAP_RETURN_IF_ERROR(ReadKey(cell.name));
      NAP_ASSIGN_OR_RETURN(const Form form, ReadNodes(&cell.nodes));
      triples |= form == Form::kTriples;
      NAP_RETURN_IF_ERROR(Expect(','));
      NAP_RETURN_IF_ERROR(ReadKey(cell.name + "_concat"));
      const int end = kCellInputs + static_cast<int>(cell.nodes.size());
      NAP_RETURN_IF_ERROR(
          ReadConcat(form == Form::kTriples ? kMostTripleNodes : end, &cell.concat));
    }
    NAP_RETURN_IF_ERROR(ReadMoreKeys());
    NAP_RETURN_IF_ERROR(Expect(is_dictionary_ ? '}' : ')'));
    if (triples) {
      // Triples do not say how many nodes there are, but that no cell has fewer than are named.
      int end = kCellInputs;
      for (const CellGenotype& cell : genotype.cells) {
        end = std::max(end, kCellInputs + static_cast<int>(cell.nodes.size()));
        for (const int node : cell.concat) end = std::max(end, node + 1);
      }
      for (CellGenotype& cell : genotype.cells) {
        cell.nodes.resize(end - kCellInputs);
        LeaveOutEmptyNodes(&cell);
      }
    }
    if (!AtEnd()) return Error("expected the end");
    genotype.search_space = DartsSpace(genotype.cells.front().nodes.size());
    return genotype;
  }

 private:
  // How a cell's operations stand: two pairs a node one after another, a list of pairs a node, or
  // FairDARTS's triples (operation, node, source).
  enum class Form { kPairs, kLists, kTriples };

  // "Genotype(" or "{", with or without "NAME =" before it.
  absl::Status ReadOpening(bool is_named = false) {
    is_dictionary_ = Accept('{');
    if (is_dictionary_) return absl::OkStatus();
    const size_t begin = Position();
    NAP_ASSIGN_OR_RETURN(const std::string name, Name());
    if (!is_named && Accept('=')) return ReadOpening(/*is_named=*/true);
    if (name == "Genotype") return Expect('(');
    return ErrorAt(begin, "expected 'Genotype('");
  }

  // "key=", of a dictionary "'key':".
  absl::Status ReadKey(const std::string& key) {
    if (!is_dictionary_) return ExpectKey(key);
    const size_t begin = Position();
    const absl::StatusOr<std::string> name = OperationName();
    if (!name.ok() || *name != key) return ErrorAt(begin, absl::StrCat("expected '", key, "':"));
    return Expect(':');
  }

  // What stands in a pair or a triple.
  struct Entry {
    GenotypeInput input;
    std::optional<int> node;  // of a triple
  };

  // ('sep_conv_3x3', 1), with a weight ('sep_conv_3x3', 1, 0.13), or ('sep_conv_3x3', 2, 1), after
  // its opening parenthesis. A pair's source is before `node`.
  absl::StatusOr<Entry> EntryAfter(char close, int node) {
    Entry entry;
    NAP_ASSIGN_OR_RETURN(entry.input.operation, OperationName());
    NAP_RETURN_IF_ERROR(Expect(','));
    const size_t begin = Position();
    if (TripleFollows(close)) {
      NAP_ASSIGN_OR_RETURN(entry.node, Number("a node", kMostTripleNodes));
      if (*entry.node < kCellInputs) {
        return ErrorAt(begin,
                       absl::StrCat("expected a triple (operation, node, source), whose node is ",
                                    kCellInputs, " or above"));
      }
      NAP_RETURN_IF_ERROR(Expect(','));
    }
    NAP_ASSIGN_OR_RETURN(entry.input.source,
                         Number("a node before this one", entry.node.value_or(node)));
    if (Accept(',') && !entry.node && !NextIsOneOf(absl::string_view(&close, 1))) {
      NAP_RETURN_IF_ERROR(SkipNumber());
      Accept(',');
    }
    NAP_RETURN_IF_ERROR(Expect(close));
    return entry;
  }

  // Whether another number follows the next one.
  bool TripleFollows(char close) {
    const size_t begin = Position();
    const bool triple = Number("", kMostTripleNodes).ok() && Accept(',') && !Accept(close) &&
                        Number("", kMostTripleNodes).ok() && !NextIsOneOf(".eE");
    GoTo(begin);
    return triple;
  }

  // What stands behind the first two brackets tells the form: a quote or another bracket.
  absl::StatusOr<Form> ReadNodes(std::vector<std::vector<GenotypeInput>>* nodes) {
    NAP_ASSIGN_OR_RETURN(const char close, Open());
    size_t inputs = 0;
    Form form = Form::kPairs;
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const char inner, Open());
      const bool list = NextIsOneOf("([])");
      if (inputs++ == 0 && list) form = Form::kLists;
      if (list != (form == Form::kLists)) return Error("pairs and lists of pairs are mixed");
      if (list || (form == Form::kPairs && inputs % kInputsOfANode == 1)) nodes->emplace_back();
      const int node = kCellInputs + static_cast<int>(nodes->size()) - 1;
      if (list) {
        NAP_RETURN_IF_ERROR(ReadPairs(inner, node, &nodes->back()));
      } else {
        const size_t begin = Position();
        NAP_ASSIGN_OR_RETURN(const Entry entry, EntryAfter(inner, node));
        if (inputs == 1 && entry.node) form = Form::kTriples;
        if (entry.node.has_value() != (form == Form::kTriples)) {
          return ErrorAt(begin, "pairs and triples are mixed");
        }
        const size_t target = entry.node.value_or(node) - kCellInputs;
        if (target >= nodes->size()) nodes->resize(target + 1);
        Keep(entry.input, &(*nodes)[target]);
      }
      if (!Accept(',')) {
        NAP_RETURN_IF_ERROR(Expect(close));
        break;
      }
    }
    if (form == Form::kPairs && inputs % kInputsOfANode != 0) {
      return Error("a flat list has two pairs a node");
    }
    return form;
  }

  absl::Status ReadPairs(char close, int node, std::vector<GenotypeInput>* inputs) {
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const char inner, Open());
      const size_t begin = Position();
      NAP_ASSIGN_OR_RETURN(const Entry entry, EntryAfter(inner, node));
      if (entry.node) {
        return ErrorAt(begin,
                       "expected a pair: triples, as FairDARTS has them, stand in no list a node");
      }
      Keep(entry.input, inputs);
      if (!Accept(',')) return Expect(close);
    }
    return absl::OkStatus();
  }

  static void Keep(const GenotypeInput& input, std::vector<GenotypeInput>* inputs) {
    if (input.operation != kNoOperation) inputs->push_back(input);
  }

  absl::Status ReadConcat(int end, std::vector<int>* concat) {
    const bool call = AcceptCall({"list", "tuple", "array"});
    if (AcceptCall({"range", "arange"})) {
      NAP_ASSIGN_OR_RETURN(const int first, Number("the first node", end + 1));
      NAP_RETURN_IF_ERROR(Expect(','));
      NAP_ASSIGN_OR_RETURN(const int last, Number("the end of the range", end + 1));
      NAP_RETURN_IF_ERROR(Expect(')'));
      for (int node = first; node < last; ++node) concat->push_back(node);
    } else {
      NAP_RETURN_IF_ERROR(ReadNumbers(end, concat));
    }
    return call ? Expect(')') : absl::OkStatus();
  }

  absl::Status ReadNumbers(int end, std::vector<int>* concat) {
    if (NextIsName()) return Error("expected a list or range()");
    NAP_ASSIGN_OR_RETURN(const char close, Open());
    while (!Accept(close)) {
      NAP_ASSIGN_OR_RETURN(const int node, Number("a node of this cell", end));
      concat->push_back(node);
      if (!Accept(',')) return Expect(close);
    }
    return absl::OkStatus();
  }

  // What AutoDL-Projects' tuples have besides, None in all that it publishes.
  absl::Status ReadMoreKeys() {
    while (Accept(',')) {
      if (NextIsOneOf(")}")) break;
      const size_t begin = Position();
      NAP_ASSIGN_OR_RETURN(const std::string key, Name());
      if (key != "connectN" && key != "connects") {
        return ErrorAt(
            begin, absl::StrCat("'", key, "' is nothing that the darts space's genotypes have"));
      }
      NAP_RETURN_IF_ERROR(Expect('='));
      const size_t value = Position();
      const absl::StatusOr<std::string> name = Name();
      if (!name.ok() || *name != "None") {
        return ErrorAt(
            value, absl::StrCat("expected None: it seems to be an AutoDL-Projects genotype whose ",
                                key, " says what the darts space has not"));
      }
    }
    return absl::OkStatus();
  }

  bool is_dictionary_ = false;
};

}  // namespace

std::string GenotypeToDarts(const Genotype& genotype) {
  std::vector<std::string> cells;
  for (const CellGenotype& cell : genotype.cells) cells.push_back(CellText(cell));
  return absl::StrCat("Genotype(", absl::StrJoin(cells, ", "), ")");
}

absl::StatusOr<Genotype> GenotypeFromDarts(absl::string_view text) {
  return DartsReader(text).ReadGenotype();
}

}  // namespace nap
