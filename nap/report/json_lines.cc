#include "nap/report/json_lines.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <nlohmann/json.hpp>

#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"

namespace nap {

absl::Status ReadJsonLines(const std::string& file,
                           const std::function<absl::Status(const nlohmann::ordered_json&)>& read,
                           const JsonLinesOptions& options) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
  int number = 0;
  for (absl::string_view line : absl::StrSplit(content, '\n')) {
    ++number;
    if (line.empty()) continue;
    if (!options.skip_prefix.empty() && absl::StartsWith(line, options.skip_prefix)) continue;
    const nlohmann::ordered_json json = ParseJsonText(line);
    if (json.is_discarded()) {
      if (options.skip_damaged) continue;
      return absl::DataLossError(
          absl::StrCat(file, " is damaged in line ", number, ", which is no JSON"));
    }
    try {
      NAP_RETURN_IF_ERROR(read(json));
    } catch (const nlohmann::json::exception& error) {
      return absl::DataLossError(
          absl::StrCat(file, " is damaged in line ", number, ": ", error.what()));
    }
  }
  return absl::OkStatus();
}

}  // namespace nap
