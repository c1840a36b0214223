#include "nap/architecture/genotype_json.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "nap/architecture/json_text.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// Exactly these keys, or an error that names the one that is missing or too many.
absl::Status CheckKeys(const Json& json, const std::string& where,
                       const std::set<std::string>& keys) {
  if (!json.is_object()) return JsonError(where, "must be an object");
  for (const auto& item : json.items()) {
    if (keys.count(item.key()) == 0) {
      return JsonError(where, absl::StrCat("has the unknown key ", QuotedKey(item.key())));
    }
  }
  for (const std::string& key : keys) {
    if (!json.contains(key)) return JsonError(where, absl::StrCat("lacks the key '", key, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ReadNode(const Json& json, const std::string& where) {
  if (!json.is_number_integer() || json < 0 || json > 1000) {
    return JsonError(where, "must be the number of a node");
  }
  return json.get<int>();
}

absl::StatusOr<GenotypeInput> ReadInput(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_string()) {
    return JsonError(where, "must be a pair of an operation and a node, as [\"skip_connect\", 0]");
  }
  NAP_ASSIGN_OR_RETURN(const int source, ReadNode(json[1], where + "[1]"));
  return GenotypeInput{json[0].get<std::string>(), source};
}

absl::StatusOr<CellGenotype> ReadCell(const std::string& name, const Json& json,
                                      const std::string& where) {
  NAP_RETURN_IF_ERROR(CheckKeys(json, where, {"nodes", "concat"}));
  CellGenotype cell{name, {}, {}};
  if (!json["nodes"].is_array()) return JsonError(where + ".nodes", "must be a list");
  if (!json["concat"].is_array()) return JsonError(where + ".concat", "must be a list");
  for (const Json& node : json["nodes"]) {
    const std::string node_where = absl::StrCat(where, ".nodes[", cell.nodes.size(), "]");
    if (!node.is_array()) return JsonError(node_where, "must be a list");
    std::vector<GenotypeInput>& inputs = cell.nodes.emplace_back();
    for (size_t i = 0; i < node.size(); ++i) {
      NAP_ASSIGN_OR_RETURN(const GenotypeInput read,
                           ReadInput(node[i], absl::StrCat(node_where, "[", i, "]")));
      if (read.operation != kNoOperation) inputs.push_back(read);
    }
  }
  for (const Json& node : json["concat"]) {
    NAP_ASSIGN_OR_RETURN(const int read,
                         ReadNode(node, absl::StrCat(where, ".concat[", cell.concat.size(), "]")));
    cell.concat.push_back(read);
  }
  return cell;
}

}  // namespace

// By hand, since the library breaks either no line or every one.
std::string GenotypeToJson(const Genotype& genotype) {
  std::string text = absl::StrCat("{\n  \"search_space\": ", Json(genotype.search_space).dump(),
                                  ",\n  \"cells\": {");
  const char* cell_separator = "\n";
  for (const CellGenotype& cell : genotype.cells) {
    absl::StrAppend(&text, cell_separator, "    ", Json(cell.name).dump(),
                    ": {\n      \"nodes\": [");
    cell_separator = ",\n";
    const char* node_separator = "\n";
    for (const auto& inputs : cell.nodes) {
      Json node = Json::array();
      for (const GenotypeInput& input : inputs) node.push_back({input.operation, input.source});
      absl::StrAppend(&text, node_separator, "        ", node.dump());
      node_separator = ",\n";
    }
    absl::StrAppend(&text, "\n      ],\n      \"concat\": ", Json(cell.concat).dump(), "\n    }");
  }
  return text + "\n  }\n}\n";
}

absl::StatusOr<Genotype> GenotypeFromJson(absl::string_view text) {
  NAP_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  NAP_RETURN_IF_ERROR(CheckKeys(json, "the top level", {"search_space", "cells"}));
  if (!json["search_space"].is_string()) return JsonError("search_space", "must be a string");
  if (!json["cells"].is_object()) return JsonError("cells", "must be an object");
  Genotype genotype;
  genotype.search_space = json["search_space"].get<std::string>();
  for (const auto& item : json["cells"].items()) {
    NAP_ASSIGN_OR_RETURN(
        const CellGenotype cell,
        ReadCell(item.key(), item.value(), "cells." + absl::Utf8SafeCEscape(item.key())));
    genotype.cells.push_back(cell);
  }
  return genotype;
}

}  // namespace nap
