#include "nap/report/metrics.h"

#include <absl/strings/str_cat.h>

#include <nlohmann/json.hpp>
#include <string>

#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

// Objects are gone into: operations_alive/normal.
void AddScalars(const std::string& prefix, const nlohmann::ordered_json& metrics,
                Scalars* scalars) {
  for (const auto& [key, value] : metrics.items()) {
    const std::string tag = absl::StrCat(prefix, "/", key);
    if (value.is_object()) AddScalars(tag, value, scalars);
    if (value.is_number()) scalars->emplace_back(tag, value.get<double>());
  }
}

}  // namespace

absl::Status WriteMetrics(const nlohmann::ordered_json& metrics, int64_t step, RunFolder* folder) {
  NAP_RETURN_IF_ERROR(folder->WriteLine(run_file::kMetrics, JsonText(metrics)));
  nlohmann::ordered_json values = metrics;
  values.erase(run_key::kEpoch);
  values.erase(run_key::kStep);
  Scalars scalars;
  AddScalars(metrics.at(run_key::kKind).get<std::string>(), values, &scalars);
  return folder->WriteScalars(step, scalars);
}

}  // namespace nap
