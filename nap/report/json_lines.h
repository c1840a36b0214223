// Reads the tables of a run folder.
#ifndef NAP_REPORT_JSON_LINES_H_
#define NAP_REPORT_JSON_LINES_H_

#include <absl/status/status.h>

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nap {

// Calls `read` with each line's object. DataLoss that names file and line if one is not JSON, or if
// `read` lets through nlohmann::json's exception for what it does not find there.
absl::Status ReadJsonLines(const std::string& file,
                           const std::function<absl::Status(const nlohmann::json&)>& read);

}  // namespace nap

#endif  // NAP_REPORT_JSON_LINES_H_
