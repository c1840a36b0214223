#include "nap/base/json.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "nap/base/utf8.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// No recursion: a file decides how deep it is.
void ConvertTexts(Json* json, std::string (*convert)(absl::string_view)) {
  std::vector<Json*> open = {json};
  while (!open.empty()) {
    Json* const value = open.back();
    open.pop_back();
    if (value->is_string()) {
      auto& text = value->get_ref<std::string&>();
      text = convert(text);
    } else if (value->is_structured()) {
      for (Json& item : *value) open.push_back(&item);
    }
  }
}

}  // namespace

std::string JsonText(Json json, int indent) {
  ConvertTexts(&json, &ToUtf8);
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

Json ParseJsonText(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  ConvertTexts(&json, &FromUtf8);
  return json;
}

}  // namespace nap
