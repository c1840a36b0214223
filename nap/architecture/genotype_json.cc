#include "nap/architecture/genotype_json.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

absl::Status Error(const std::string& where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("genotype JSON: ", where, " ", what));
}

// A key from the file as it may stand in a message of one line.
std::string Quoted(const std::string& key) {
  return absl::StrCat("'", absl::Utf8SafeCEscape(key), "'");
}

// The library keeps the last of two equal keys and is silent about the first.
absl::StatusOr<Json> Parse(absl::string_view text) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  absl::Status status;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      if (!keys.back().insert(key).second && status.ok()) {
        status = Error("the key", absl::StrCat(Quoted(key), " stands twice in one object"));
      }
    }
    return true;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), watch);
    if (!status.ok()) return status;
    return json;
  } catch (const Json::parse_error& error) {
    // It counts the bytes that it has read, the end of the text as one.
    if (error.byte > text.size()) return Error("the text", "ends too early (truncated?)");
    return Error(absl::StrCat("byte ", error.byte - 1), "is not valid JSON");
  } catch (const Json::out_of_range&) {
    return Error("the text", "has a number that is too large");
  }
}

// Exactly these keys, or an error that names the one that is missing or too many.
absl::Status CheckKeys(const Json& json, const std::string& where,
                       const std::set<std::string>& keys) {
  if (!json.is_object()) return Error(where, "must be an object");
  for (const auto& item : json.items()) {
    if (keys.count(item.key()) == 0) {
      return Error(where, absl::StrCat("has the unknown key ", Quoted(item.key())));
    }
  }
  for (const std::string& key : keys) {
    if (!json.contains(key)) return Error(where, absl::StrCat("lacks the key '", key, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ReadNode(const Json& json, const std::string& where) {
  if (!json.is_number_integer() || json < 0 || json > 1000) {
    return Error(where, "must be the number of a node");
  }
  return json.get<int>();
}

absl::StatusOr<GenotypeInput> ReadInput(const Json& json, const std::string& where) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_string()) {
    return Error(where, "must be a pair of an operation and a node, as [\"skip_connect\", 0]");
  }
  NAP_ASSIGN_OR_RETURN(const int source, ReadNode(json[1], where + "[1]"));
  return GenotypeInput{json[0].get<std::string>(), source};
}

absl::StatusOr<CellGenotype> ReadCell(const std::string& name, const Json& json,
                                      const std::string& where) {
  NAP_RETURN_IF_ERROR(CheckKeys(json, where, {"nodes", "concat"}));
  CellGenotype cell{name, {}, {}};
  if (!json["nodes"].is_array()) return Error(where + ".nodes", "must be a list");
  if (!json["concat"].is_array()) return Error(where + ".concat", "must be a list");
  for (const Json& node : json["nodes"]) {
    const std::string node_where = absl::StrCat(where, ".nodes[", cell.nodes.size(), "]");
    if (!node.is_array()) return Error(node_where, "must be a list");
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
  NAP_ASSIGN_OR_RETURN(const Json json, Parse(text));
  NAP_RETURN_IF_ERROR(CheckKeys(json, "the top level", {"search_space", "cells"}));
  if (!json["search_space"].is_string()) return Error("search_space", "must be a string");
  if (!json["cells"].is_object()) return Error("cells", "must be an object");
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
