#include "nap/architecture/python_reader.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "nap/base/status_macros.h"

namespace nap {

size_t PythonReader::Position() {
  while (position_ < text_.size()) {
    if (text_[position_] == '#') {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else if (absl::ascii_isspace(text_[position_])) {
      ++position_;
    } else {
      break;
    }
  }
  return position_;
}

bool PythonReader::NextIsOneOf(absl::string_view characters) {
  return !AtEnd() && absl::StrContains(characters, text_.substr(position_, 1));
}

bool PythonReader::NextIsName() {
  return !AtEnd() && (absl::ascii_isalpha(text_[position_]) || text_[position_] == '_');
}

bool PythonReader::Accept(char wanted) {
  if (AtEnd() || text_[position_] != wanted) return false;
  ++position_;
  return true;
}

absl::Status PythonReader::Expect(char wanted) {
  if (Accept(wanted)) return absl::OkStatus();
  return Error(absl::StrCat("expected '", std::string(1, wanted), "'"));
}

absl::StatusOr<char> PythonReader::Open() {
  if (Accept('[')) return ']';
  if (Accept('(')) return ')';
  return Error("expected a list");
}

absl::StatusOr<std::string> PythonReader::Name() {
  const size_t begin = Position();
  while (position_ < text_.size() &&
         (absl::ascii_isalnum(text_[position_]) || text_[position_] == '_')) {
    ++position_;
  }
  if (position_ == begin) return Error("expected a name");
  return std::string(text_.substr(begin, position_ - begin));
}

absl::Status PythonReader::ExpectKey(const std::string& key) {
  const size_t begin = Position();
  const absl::StatusOr<std::string> name = Name();
  if (!name.ok() || *name != key) {
    return ErrorAt(begin, absl::StrCat("expected '", key, "='"));
  }
  return Expect('=');
}

bool PythonReader::AcceptCall(std::initializer_list<absl::string_view> functions) {
  size_t end = Position();
  size_t name = position_;
  while (end < text_.size() &&
         (absl::ascii_isalnum(text_[end]) || text_[end] == '_' || text_[end] == '.')) {
    if (text_[end++] == '.') name = end;
  }
  if (end == text_.size() || text_[end] != '(' ||
      std::find(functions.begin(), functions.end(), text_.substr(name, end - name)) ==
          functions.end()) {
    return false;
  }
  position_ = end + 1;
  return true;
}

absl::StatusOr<int> PythonReader::Number(absl::string_view what, int end) {
  const bool call = AcceptCall({"int", "int8", "int16", "int32", "int64", "uint8", "tensor"});
  const size_t begin = Position();
  while (position_ < text_.size() && absl::ascii_isdigit(text_[position_])) ++position_;
  int value = 0;
  if (absl::SimpleAtoi(text_.substr(begin, position_ - begin), &value) && value < end) {
    if (call) NAP_RETURN_IF_ERROR(Expect(')'));
    return value;
  }
  return ErrorAt(begin, absl::StrCat("expected ", what, ", a number below ", end));
}

absl::Status PythonReader::SkipNumber() {
  const bool call = AcceptCall({"float", "float16", "float32", "float64", "tensor"});
  const size_t begin = Position();
  position_ = std::min(text_.find_first_not_of("0123456789.eE+-", begin), text_.size());
  double value = 0;
  if (!absl::SimpleAtod(text_.substr(begin, position_ - begin), &value)) {
    return ErrorAt(begin, "expected a number");
  }
  return call ? Expect(')') : absl::OkStatus();
}

absl::StatusOr<std::string> PythonReader::OperationName() {
  const bool call = AcceptCall({"str", "str_"});
  NAP_ASSIGN_OR_RETURN(std::string name, QuotedName());
  if (call) NAP_RETURN_IF_ERROR(Expect(')'));
  return name;
}

absl::StatusOr<std::string> PythonReader::QuotedName() {
  const char quote = Accept('\'') ? '\'' : Accept('"') ? '"' : '\0';
  if (quote == '\0') return Error("expected an operation's name in quotes");
  const size_t begin = position_;
  const size_t end = text_.find_first_of("'\"\\\r\n", begin);
  if (end == absl::string_view::npos || end == begin || text_[end] != quote) {
    return Error(absl::StrCat("expected an operation's name and then ", std::string(1, quote)));
  }
  position_ = end + 1;
  return std::string(text_.substr(begin, end - begin));
}

absl::Status PythonReader::ErrorAt(size_t position, absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat("DARTS genotype: byte ", position, ": ", what));
}

}  // namespace nap
