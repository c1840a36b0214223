// JSON of genotypes, before anybody asks what it says.
#ifndef NAP_ARCHITECTURE_JSON_TEXT_H_
#define NAP_ARCHITECTURE_JSON_TEXT_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <nlohmann/json.hpp>
#include <string>

namespace nap {

// InvalidArgument with the byte at which it is no JSON, or with a key that stands twice in an
// object.
absl::StatusOr<nlohmann::ordered_json> ParseJson(absl::string_view text);

absl::Status JsonError(const std::string& where, absl::string_view what);

// A key from the file as it may stand in a message of one line.
std::string QuotedKey(const std::string& key);

}  // namespace nap

#endif  // NAP_ARCHITECTURE_JSON_TEXT_H_
