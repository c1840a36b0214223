#include "nap/architecture/json_text.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <set>
#include <vector>

namespace nap {

using Json = nlohmann::ordered_json;

constexpr size_t kMostKeys = 1000;  // of an object

absl::Status JsonError(const std::string& where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("genotype JSON: ", where, " ", what));
}

std::string QuotedKey(const std::string& key) {
  return absl::StrCat("'", absl::Utf8SafeCEscape(key), "'");
}

// The library keeps the last of two equal keys and is silent about the first.
absl::StatusOr<Json> ParseJson(absl::string_view text) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  absl::Status status;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      // It looks through all keys for each: without a bound that is their square.
      if (keys.back().size() == kMostKeys) {
        status.Update(JsonError("the text", absl::StrCat("has an object of more than ", kMostKeys,
                                                         " keys, which no genotype has")));
        return false;
      }
      if (!keys.back().insert(key).second && status.ok()) {
        status = JsonError("the key", absl::StrCat(QuotedKey(key), " stands twice in one object"));
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
    if (error.byte > text.size()) return JsonError("the text", "ends too early (truncated?)");
    return JsonError(absl::StrCat("byte ", error.byte - 1), "is not valid JSON");
  } catch (const Json::out_of_range&) {
    return JsonError("the text", "has a number that is too large");
  }
}

}  // namespace nap
