// For conformance kits: whether an entry's declared parameters (nap/base/parameters.h) are true.
#ifndef NAP_BASE_PARAMETERS_FOR_TESTS_H_
#define NAP_BASE_PARAMETERS_FOR_TESTS_H_

#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "nap/base/parameters.h"

namespace nap {

// Of an entry that is made by "key=value,key=value", in which `given` is set already. Expects that
// each other parameter can be given its default; of a number also that `works` says so of the least
// value that it allows, if there is one, and that `make` refuses less by its name.
inline void ExpectParametersConform(const std::vector<Parameter>& parameters,
                                    const std::string& given,
                                    const std::function<absl::Status(const std::string&)>& make,
                                    const std::function<bool(const std::string&)>& works) {
  for (const Parameter& parameter : parameters) {
    const std::string key = absl::StrCat(parameter.name, "=");
    if (absl::StrContains(absl::StrCat(",", given), absl::StrCat(",", key))) continue;
    SCOPED_TRACE(absl::StrCat("parameter ", parameter.name));
    const auto with = [&](const auto& value) {
      return absl::StrCat(given, given.empty() ? "" : ",", key, value);
    };
    const absl::Status taken = make(with(parameter.value));
    EXPECT_TRUE(taken.ok()) << "its default is refused: " << taken.message()
                            << " (nap/base/parameters.h)";
    if (parameter.kind == Parameter::Kind::kText || !std::isfinite(parameter.least)) continue;
    EXPECT_TRUE(works(with(parameter.least)))
        << "the least value that it allows, " << parameter.least
        << ", does not work (Parameter::least in nap/base/parameters.h)";
    EXPECT_TRUE(absl::StrContains(make(with(parameter.least - 1)).message(), parameter.name))
        << "less than it allows is not refused by its name (nap/base/parameters.h)";
  }
}

}  // namespace nap

#endif  // NAP_BASE_PARAMETERS_FOR_TESTS_H_
