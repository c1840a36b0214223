#include "nap/base/csv.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

char SeparatorOf(absl::string_view text) {
  bool quoted = false;
  char separator = ',';
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\t') return c == '\t' ? c : separator;
    if (c == ';') separator = c;
  }
  return separator;
}

// Takes a field from the front of the text, without what ends it. `line` counts on.
absl::StatusOr<std::string> TakeField(char separator, absl::string_view* text, int* line) {
  const auto is_end = [separator](char c) { return c == separator || c == '\n' || c == '\r'; };
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  if (!absl::ConsumePrefix(text, "\"")) {
    const auto length = std::find_if(text->begin(), text->end(), is_end) - text->begin();
    const absl::string_view field = text->substr(0, static_cast<size_t>(length));
    text->remove_prefix(field.size());
    return std::string(absl::StripAsciiWhitespace(field));
  }
  const int begin = *line;
  std::string field;
  while (true) {
    const size_t quote = text->find('"');
    if (quote == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("line ", begin, ": a quote has no end"));
    }
    const absl::string_view part = text->substr(0, quote);
    absl::StrAppend(&field, part);
    *line += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    text->remove_prefix(quote + 1);
    if (!absl::ConsumePrefix(text, "\"")) break;
    field += '"';
  }
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  if (text->empty() || is_end(text->front())) return field;
  return absl::InvalidArgumentError(
      absl::StrCat("line ", *line, ": something stands behind the end of a quote"));
}

}  // namespace

absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  const char separator = SeparatorOf(text);
  std::vector<CsvRow> rows;
  int line = 1;
  while (!text.empty()) {
    CsvRow row{line, {}};
    bool more = true;
    while (more) {
      NAP_ASSIGN_OR_RETURN(std::string field, TakeField(separator, &text, &line));
      row.fields.push_back(std::move(field));
      more = !text.empty() && text.front() == separator;
      if (more) text.remove_prefix(1);
    }
    absl::ConsumePrefix(&text, "\r");
    absl::ConsumePrefix(&text, "\n");
    ++line;
    if (row.fields.size() > 1 || !row.fields.front().empty()) rows.push_back(std::move(row));
  }
  return rows;
}

std::string CsvField(absl::string_view text) {
  const bool is_plain = text.find_first_of(",;\t\"\r\n") == absl::string_view::npos &&
                        text == absl::StripAsciiWhitespace(text);
  if (is_plain) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace nap
