#include "nap/model/latency_row.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <set>

#include "nap/base/plugin_hint.h"
#include "nap/model/cell_input.h"
#include "ops/operation.h"

namespace nap {
namespace {

// But identities, which cost nothing.
std::set<std::string> CellInputNames() {
  std::set<std::string> names;
  for (const std::string& name : CellInputRegistry::Global().Names()) {
    if (!(*CellInputRegistry::Global().Find(name))->is_identity) names.insert(name);
  }
  return names;
}

template <typename Kind>
std::set<std::string> KeysOf(const std::map<std::string, Kind>& names) {
  std::set<std::string> keys;
  for (const auto& [name, kind] : names) keys.insert(name);
  return keys;
}

}  // namespace

std::string LatencyRow::Text() const { return absl::StrJoin(Key(), ","); }

const std::map<std::string, StemKind>& StemNames() {
  static const auto* const names = [] {
    auto* all = new std::map<std::string, StemKind>;
    for (const std::string& name : NetworkNames()) all->emplace(name, *FindStem(name));
    return all;
  }();
  return *names;
}

std::string NameOf(StemKind stem) {
  for (const auto& [name, kind] : StemNames()) {
    if (kind == stem) return name;
  }
  LOG(FATAL) << "a stem without a name";
}

absl::Status CheckNames(const LatencyRow& row) {
  if (row.part == LatencyRow::kOperation) {
    const absl::Status known = OperationRegistry::Global().Find(row.operation).status();
    if (known.ok()) return known;
    return absl::Status(known.code(), absl::StrCat(known.message(), kPluginHint));
  }
  const std::map<std::string, std::set<std::string>> kinds = {
      {LatencyRow::kStem, KeysOf(StemNames())},
      {LatencyRow::kInput, CellInputNames()},
      {LatencyRow::kSum, {""}},
      {LatencyRow::kConcat, {""}},
      {LatencyRow::kHead, {kLinearHead, kNormLinearHead}}};
  const auto found = kinds.find(row.part);
  if (found == kinds.end()) {
    std::set<std::string> parts = KeysOf(kinds);
    parts.insert(LatencyRow::kOperation);
    return absl::InvalidArgumentError(
        absl::StrCat("unknown part '", row.part, "'; known: ", absl::StrJoin(parts, ", ")));
  }
  if (found->second.count(row.operation) > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("unknown ", row.part, " '", row.operation,
                                                 "'; known: ", absl::StrJoin(found->second, ", ")));
}

}  // namespace nap
