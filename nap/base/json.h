// JSON files whose texts are any bytes.
#ifndef NAP_BASE_JSON_H_
#define NAP_BASE_JSON_H_

#include <absl/strings/string_view.h>

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nap {

// Valid JSON whatever bytes the values have, by ToUtf8; keys, which are names in our programs, must
// be UTF-8. `indent`: spaces a level; -1: one line.
std::string JsonText(nlohmann::ordered_json json, int indent = -1);

// What JsonText was given; discarded (Json::is_discarded) if the text is no JSON.
nlohmann::ordered_json ParseJsonText(absl::string_view text);

}  // namespace nap

#endif  // NAP_BASE_JSON_H_
