// Reads the tables of a run folder.
#ifndef NAP_REPORT_JSON_LINES_H_
#define NAP_REPORT_JSON_LINES_H_

#include <absl/status/status.h>

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nap {

struct JsonLinesOptions {
  // What is not JSON is passed over: a run that is going on, or was killed, may have half a line.
  bool skip_damaged = false;

  // Lines that begin so are passed over, without being read.
  std::string skip_prefix = "";
};

// Calls `read` with each line's object. NotFound if there is no such file. DataLoss that names file
// and line if one is not JSON, or if `read` lets through nlohmann::json's exception for what it
// does not find there.
absl::Status ReadJsonLines(const std::string& file,
                           const std::function<absl::Status(const nlohmann::ordered_json&)>& read,
                           const JsonLinesOptions& options = {});

}  // namespace nap

#endif  // NAP_REPORT_JSON_LINES_H_
