#include "nap/architecture/genotype_nni.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/json_text.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCellInputs = 2;
constexpr int kEnd = kCellInputs + kDartsNodes;

absl::Status Error(const std::string& where, absl::string_view what) {
  return JsonError(QuotedKey(where), what);
}

// A dictionary without the keys that were asked for, of which nothing is left in the end.
class Keys {
 public:
  explicit Keys(Json json) : json_(std::move(json)) {}

  absl::StatusOr<Json> Take(const std::string& key) {
    const auto found = json_.find(key);
    if (found == json_.end()) {
      return JsonError("what NNI exports", absl::StrCat("lacks the key '", key, "'"));
    }
    Json value = *found;
    json_.erase(found);
    return value;
  }

  absl::Status CheckEmpty() const {
    for (const auto& item : json_.items()) {
      // Of the network, not of its cells.
      if (item.key() == "width" || item.key() == "depth" || item.key() == "num_cells") continue;
      return Error(item.key(), "is no key of NNI's DARTS space");
    }
    return absl::OkStatus();
  }

 private:
  Json json_;
};

// The node that the only entry of a list, or a number, is.
absl::StatusOr<int> ReadSource(const Json& value, const std::string& key, int end) {
  const Json& number = value.is_array() && value.size() == 1 ? value[0] : value;
  if (number.is_number_integer() && number >= 0 && number < end) return number.get<int>();
  return Error(key, absl::StrCat("must be a node before this one, below ", end, ", as [0]"));
}

absl::StatusOr<std::vector<GenotypeInput>> ReadNode(const std::string& cell, int node, Keys* keys) {
  std::vector<GenotypeInput> inputs;
  for (int i = 0; i < 2; ++i) {
    const std::string op_key = absl::StrCat(cell, "/op_", node, "_", i);
    const std::string input_key = absl::StrCat(cell, "/input_", node, "_", i);
    NAP_ASSIGN_OR_RETURN(const Json op, keys->Take(op_key));
    NAP_ASSIGN_OR_RETURN(const Json input, keys->Take(input_key));
    if (!op.is_string()) return Error(op_key, "must be the name of an operation");
    NAP_ASSIGN_OR_RETURN(const int source, ReadSource(input, input_key, node));
    inputs.push_back({op.get<std::string>(), source});
  }
  return inputs;
}

struct OldName {
  const char* nni;
  const char* operation;
};

// What older versions call the operations, in the order that NNI's example of DARTS has them in:
// the oldest count or mark a candidate instead of naming it.
constexpr OldName kOldNames[] = {
    {"maxpool", "max_pool_3x3"},    {"avgpool", "avg_pool_3x3"},    {"skipconnect", "skip_connect"},
    {"sepconv3x3", "sep_conv_3x3"}, {"sepconv5x5", "sep_conv_5x5"}, {"dilconv3x3", "dil_conv_3x3"},
    {"dilconv5x5", "dil_conv_5x5"},
};

// Which of `count` are marked: all that are true, of as many; none if it is something else.
std::vector<int> Marked(const Json& marks, int count) {
  std::vector<int> marked;
  if (!marks.is_array() || static_cast<int>(marks.size()) != count) return marked;
  for (int i = 0; i < count; ++i) {
    if (!marks[i].is_boolean()) return {};
    if (marks[i].get<bool>()) marked.push_back(i);
  }
  return marked;
}

absl::StatusOr<std::string> ReadOldOperation(const Json& value, const std::string& key) {
  if (value.is_string()) {
    const std::string name = value.get<std::string>();
    for (const OldName& old : kOldNames) {
      if (name == old.nni) return std::string(old.operation);
    }
    return name;
  }
  constexpr int kCount = std::size(kOldNames);
  std::vector<int> chosen = Marked(value, kCount);
  if (value.is_number_integer() && value >= 0 && value < kCount) chosen = {value.get<int>()};
  if (chosen.size() == 1) return std::string(kOldNames[chosen[0]].operation);
  return Error(key, absl::StrCat("must be the name of an operation, or which of NNI's ", kCount,
                                 " it is: a number from 0, or one true among ", kCount));
}

absl::StatusOr<std::vector<GenotypeInput>> ReadOldNode(const std::string& cell, int node,
                                                       Keys* keys) {
  const std::string prefix = absl::StrCat(cell, "_n", node, "_");
  const std::string switch_key = prefix + "switch";
  NAP_ASSIGN_OR_RETURN(const Json chosen, keys->Take(switch_key));
  if (!chosen.is_array()) return Error(switch_key, "must be a list");
  const std::vector<int> marked = Marked(chosen, node);
  std::set<int> sources(marked.begin(), marked.end());
  for (const Json& one : chosen) {
    if (!marked.empty()) break;
    int source = -1;
    if (one.is_number_integer() && one >= 0 && one < node) source = one.get<int>();
    for (int i = 0; one.is_string() && i < node; ++i) {
      if (one.get<std::string>() == absl::StrCat(prefix, "p", i)) source = i;
    }
    if (source < 0) return Error(switch_key, absl::StrCat("must name keys as ", prefix, "p0"));
    sources.insert(source);
  }
  std::vector<GenotypeInput> inputs;
  for (int source = 0; source < node; ++source) {
    const std::string key = absl::StrCat(prefix, "p", source);
    NAP_ASSIGN_OR_RETURN(const Json op, keys->Take(key));
    if (sources.count(source) == 0) continue;
    NAP_ASSIGN_OR_RETURN(std::string operation, ReadOldOperation(op, key));
    inputs.push_back({std::move(operation), source});
  }
  return inputs;
}

}  // namespace

absl::StatusOr<Genotype> GenotypeFromNni(absl::string_view text) {
  const bool python = !absl::StrContains(text, "\"");
  NAP_ASSIGN_OR_RETURN(
      Json json, ParseJson(python ? absl::StrReplaceAll(
                                        text, {{"'", "\""}, {"True", "true"}, {"False", "false"}})
                                  : text));
  if (!json.is_object()) return JsonError("what NNI exports", "must be an object");
  if (json.contains(absl::StrCat("normal/op_", kEnd, "_0"))) {
    return JsonError("the file",
                     "seems to be of NNI's NASNet, ENAS, AmoebaNet or PNAS space, which have "
                     "more nodes than its DARTS space: what a cell's output is made of there "
                     "is not in the file");
  }
  const bool old = json.contains("normal_n2_switch") || json.contains("normal_n2_p0");
  Keys keys(std::move(json));
  Genotype genotype{kDarts, {}};
  for (const char* name : {"normal", "reduce"}) {
    CellGenotype cell{name, {}, {}};
    for (int node = kCellInputs; node < kEnd; ++node) {
      NAP_ASSIGN_OR_RETURN(const auto inputs,
                           old ? ReadOldNode(name, node, &keys) : ReadNode(name, node, &keys));
      cell.nodes.emplace_back();
      for (const GenotypeInput& input : inputs) {
        if (input.operation != kNoOperation) cell.nodes.back().push_back(input);
      }
      cell.concat.push_back(node);
    }
    genotype.cells.push_back(cell);
  }
  NAP_RETURN_IF_ERROR(keys.CheckEmpty());
  return genotype;
}

}  // namespace nap
