#include "nap/base/parameters.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

// As short as it can be read again exactly.
std::string NumberText(double number) {
  std::string text;
  for (int digits = 6; digits <= 17; ++digits) {
    text = absl::StrFormat("%.*g", digits, number);
    double read = 0;
    if (absl::SimpleAtod(text, &read) && read == number) break;
  }
  return text;
}

// A value that is right, written in the one way in which it is compared.
std::string Canonical(const Parameter& parameter, const std::string& value) {
  int64_t integer = 0;
  double number = 0;
  if (parameter.kind == Parameter::Kind::kInteger && absl::SimpleAtoi(value, &integer)) {
    return absl::StrCat(integer);
  }
  if (parameter.kind == Parameter::Kind::kNumber && absl::SimpleAtod(value, &number)) {
    return NumberText(number);
  }
  return value;
}

absl::Status Check(const Parameter& parameter, const std::string& value) {
  if (parameter.kind == Parameter::Kind::kText) return absl::OkStatus();
  int64_t integer = 0;
  double number = 0;
  const bool is_integer = parameter.kind == Parameter::Kind::kInteger;
  const bool is_read = is_integer ? absl::SimpleAtoi(value, &integer)
                                  : absl::SimpleAtod(value, &number) && std::isfinite(number);
  if (is_integer) number = static_cast<double>(integer);
  if (is_read && number >= parameter.least) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "parameter ", parameter.name, "=", value, " must be a ",
      is_integer ? "whole number" : "number",
      std::isfinite(parameter.least) ? absl::StrCat(" from ", parameter.least, " on") : ""));
}

}  // namespace

Parameter Parameter::Integer(std::string name, int64_t value, int64_t least, std::string help) {
  return {std::move(name), Kind::kInteger, absl::StrCat(value), static_cast<double>(least),
          std::move(help)};
}

Parameter Parameter::Number(std::string name, double value, double least, std::string help) {
  return {std::move(name), Kind::kNumber, NumberText(value), least, std::move(help)};
}

Parameter Parameter::Text(std::string name, std::string value, std::string help) {
  return {std::move(name), Kind::kText, std::move(value), 0, std::move(help)};
}

ParameterValues::ParameterValues(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) values_[parameter.name] = parameter.value;
}

const std::string& ParameterValues::Find(const std::string& name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end()) << "no parameter '" << name << "' was declared";
  return found->second;
}

int64_t ParameterValues::Integer(const std::string& name) const {
  int64_t value = 0;
  CHECK(absl::SimpleAtoi(Find(name), &value)) << name << " is not a whole number";
  return value;
}

double ParameterValues::Number(const std::string& name) const {
  double value = 0;
  CHECK(absl::SimpleAtod(Find(name), &value)) << name << " is not a number";
  return value;
}

const std::string& ParameterValues::Text(const std::string& name) const { return Find(name); }

std::string ParameterValues::Text() const {
  return absl::StrJoin(values_, ",", absl::PairFormatter("="));
}

std::string ParameterValues::TextBeside(const std::vector<Parameter>& parameters) const {
  ParameterValues changed = *this;
  for (const Parameter& parameter : parameters) {
    if (Find(parameter.name) == parameter.value) changed.values_.erase(parameter.name);
  }
  return changed.Text();
}

absl::StatusOr<ParameterValues> ReadParameters(const std::vector<Parameter>& parameters,
                                               const std::string& text) {
  ParameterValues values(parameters);
  std::set<std::string> seen;
  for (absl::string_view item : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(absl::StripAsciiWhitespace(item), absl::MaxSplits('=', 1));
    const auto declared =
        std::find_if(parameters.begin(), parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == pair.first; });
    if (declared == parameters.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown parameter '", pair.first, "'; ",
          parameters.empty() ? "there are none" : "known: ",
          absl::StrJoin(parameters, ", ", [](std::string* out, const Parameter& parameter) {
            absl::StrAppend(out, parameter.name);
          })));
    }
    if (!seen.insert(pair.first).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("parameter '", pair.first, "' is given twice"));
    }
    NAP_RETURN_IF_ERROR(Check(*declared, pair.second));
    values.values_[pair.first] = Canonical(*declared, pair.second);
  }
  return values;
}

NameAndParameters SplitName(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

std::string WithParameters(const std::string& name, const std::string& parameters) {
  return parameters.empty() ? name : absl::StrCat(name, ":", parameters);
}

std::vector<std::string> SplitNames(const std::string& text) {
  return absl::StrSplit(text, '+', absl::SkipEmpty());
}

std::string NestedText(std::string text) {
  std::replace(text.begin(), text.end(), '/', ',');
  return text;
}

}  // namespace nap
