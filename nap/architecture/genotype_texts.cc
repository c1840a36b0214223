#include "nap/architecture/genotype_texts.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/strip.h>

#include <algorithm>

namespace nap {
namespace {

constexpr absl::string_view kGenotype = "Genotype";

bool IsNameCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

// Without the white space and the comments at its beginning.
absl::string_view AfterSpace(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  while (absl::StartsWith(text, "#")) {
    text.remove_prefix(std::min(text.find('\n'), text.size()));
    text = absl::StripLeadingAsciiWhitespace(text);
  }
  return text;
}

// Of the call whose name begins `text`: up to behind the parenthesis that closes it, or, where
// there is none, up to `text`'s end. Quotes hide parentheses up to the end of their line, comments
// do.
size_t EndOfCall(absl::string_view text) {
  int depth = 0;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote || c == '\n') quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

// Whether the text begins with the key, the separator and a list.
bool BeginsWithList(absl::string_view text, absl::string_view key, absl::string_view separator) {
  text = AfterSpace(text);
  if (!absl::ConsumePrefix(&text, key)) return false;
  text = AfterSpace(text);
  if (!absl::ConsumePrefix(&text, separator)) return false;
  text = AfterSpace(text);
  return absl::StartsWith(text, "[") || absl::StartsWith(text, "(");
}

// Whether the call is one with data in it: Genotype(normal=[...
bool HasData(absl::string_view call) {
  call.remove_prefix(kGenotype.size());
  call = AfterSpace(call);
  absl::ConsumePrefix(&call, "(");
  return BeginsWithList(call, "normal", "=");
}

struct Calls {
  std::vector<absl::string_view> data;
  std::vector<absl::string_view> others;  // code, or commented out
};

// A call ends where the next one begins at the latest: none stands within another one.
Calls CallsIn(absl::string_view text) {
  Calls calls;
  size_t line_seen = 0;  // up to here it is known whether the line is a comment
  bool comment = false;
  for (size_t begin = text.find(kGenotype); begin != absl::string_view::npos;) {
    const size_t behind = begin + kGenotype.size();
    const size_t next = std::min(text.find(kGenotype, behind), text.size());
    const size_t last_break = text.substr(line_seen, begin - line_seen).rfind('\n');
    if (line_seen == 0 || last_break != absl::string_view::npos) {
      const size_t line = last_break == absl::string_view::npos ? 0 : line_seen + last_break + 1;
      comment =
          absl::StartsWith(absl::StripLeadingAsciiWhitespace(text.substr(line, begin - line)), "#");
    }
    line_seen = begin;
    const bool is_call = (begin == 0 || !IsNameCharacter(text[begin - 1])) &&
                         absl::StartsWith(AfterSpace(text.substr(behind, next - behind)), "(");
    if (is_call) {
      const absl::string_view rest = text.substr(begin, next - begin);
      const absl::string_view call = rest.substr(0, EndOfCall(rest));
      (HasData(call) && !comment ? calls.data : calls.others).push_back(call);
    }
    begin = next == text.size() ? absl::string_view::npos : next;
  }
  return calls;
}

// Whether what stands behind a brace begins as {'normal': [... does.
bool IsCellsDictionary(absl::string_view text) {
  return BeginsWithList(text, "'normal'", ":") || BeginsWithList(text, "\"normal\"", ":");
}

// The dictionaries, which are flat, that `is_wanted` behind their brace.
template <typename Predicate>
std::vector<absl::string_view> DictionariesIn(absl::string_view text, const Predicate& is_wanted) {
  std::vector<absl::string_view> parts;
  size_t begin = text.find('{');
  while (begin != absl::string_view::npos) {
    // An inner brace begins anew.
    const size_t end = text.find_first_of("{}", begin + 1);
    const absl::string_view part =
        text.substr(begin, end == absl::string_view::npos ? end : end + (text[end] == '}') - begin);
    if (is_wanted(part.substr(1))) parts.push_back(part);
    begin = end == absl::string_view::npos ? end : text.find('{', end);
  }
  return parts;
}

// Whether one of NNI's keys stands in it: "normal/op_2_0", "normal_n2_p0".
bool HasNniKey(absl::string_view text) {
  return absl::StrContains(text, "normal/op_") || absl::StrContains(text, "normal/input_") ||
         absl::StrContains(text, "normal_n2_");
}

bool IsArchitectureCharacter(char c) {
  return IsNameCharacter(c) || c == '|' || c == '~' || c == '+' || c == '-' || c == '.';
}

}  // namespace

std::vector<absl::string_view> DartsTextsIn(absl::string_view text) {
  Calls calls = CallsIn(text);
  if (!calls.data.empty()) return calls.data;
  std::vector<absl::string_view> dictionaries = DictionariesIn(text, IsCellsDictionary);
  return dictionaries.empty() ? calls.others : dictionaries;
}

std::vector<absl::string_view> NniTextsIn(absl::string_view text) {
  return DictionariesIn(text, HasNniKey);
}

std::vector<absl::string_view> NasBench201TextsIn(absl::string_view text) {
  const absl::string_view all = absl::StripAsciiWhitespace(text);
  const bool whole = absl::StartsWith(all, "|");
  if (whole && std::none_of(all.begin(), all.end(), absl::ascii_isspace)) return {all};
  std::vector<absl::string_view> parts;
  for (size_t begin = text.find('|'); begin != absl::string_view::npos;) {
    size_t end = begin;
    while (end < text.size() && IsArchitectureCharacter(text[end])) ++end;
    const absl::string_view run = text.substr(begin, end - begin);
    const absl::string_view part = run.substr(0, run.rfind('|') + 1);
    if (absl::StrContains(part, "~")) parts.push_back(part);
    begin = text.find('|', end);
  }
  if (parts.empty() && whole) return {all};
  return parts;
}

absl::string_view NameOf(absl::string_view part, absl::string_view text, size_t begin) {
  absl::string_view before = text.substr(begin, part.data() - text.data() - begin);
  // "genotypes." of genotypes.Genotype(...), or the quotes of a string.
  while (!before.empty() && (IsNameCharacter(before.back()) || before.back() == '.')) {
    before.remove_suffix(1);
  }
  while (!before.empty() && (before.back() == '\'' || before.back() == '"')) {
    before.remove_suffix(1);
  }
  before = absl::StripTrailingAsciiWhitespace(before);
  if (!absl::ConsumeSuffix(&before, "=")) return "";
  before = absl::StripTrailingAsciiWhitespace(before);
  size_t name = before.size();
  while (name > 0 && IsNameCharacter(before[name - 1])) --name;
  return before.substr(name);
}

}  // namespace nap
