// What Validate functions of options are made of. A value is named as the flag that sets it.
#ifndef NAP_BASE_OPTION_CHECKS_H_
#define NAP_BASE_OPTION_CHECKS_H_

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace nap {

// As people write it: 2000000, not 2e+06.
inline std::string OptionText(double value) {
  const bool is_whole = std::abs(value) < 1e15 && value == std::floor(value);
  return is_whole ? absl::StrCat(static_cast<int64_t>(value)) : absl::StrCat(value);
}

// InvalidArgument "--flag=value is out of range: <range>" unless `fine`.
inline absl::Status CheckOption(bool fine, absl::string_view flag, double value,
                                absl::string_view range) {
  if (fine) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, "=", OptionText(value), " is out of range: ", range));
}

// These are also false for NaN.
inline absl::Status CheckAtLeast(absl::string_view flag, double value, double least) {
  return CheckOption(std::isfinite(value) && value >= least, flag, value,
                     absl::StrCat("must be at least ", OptionText(least)));
}

inline absl::Status CheckRange(absl::string_view flag, double value, double least, double most) {
  return CheckOption(value >= least && value <= most, flag, value,
                     absl::StrCat("must be from ", OptionText(least), " to ", OptionText(most)));
}

// Beyond these a number is a mistake, which would be noticed only once the machine is busy with it.
inline constexpr double kMostThreads = 1024, kMostCells = 1000, kMostChannels = 1e4,
                        kMostPixels = 1e4, kMostEpochs = 1e5;

inline absl::Status CheckPositive(absl::string_view flag, double value) {
  return CheckOption(std::isfinite(value) && value > 0, flag, value, "must be positive");
}

// A probability or share that may not be 1.
inline absl::Status CheckBelowOne(absl::string_view flag, double value) {
  return CheckOption(value >= 0 && value < 1, flag, value, "must be from 0 to below 1");
}

// The first error, with the messages of all others behind its own: they are of options that belong
// together.
inline absl::Status Together(const std::vector<absl::Status>& checks) {
  absl::Status all;
  for (const absl::Status& check : checks) {
    if (check.ok()) continue;
    all = all.ok() ? check
                   : absl::Status(all.code(), absl::StrCat(all.message(), "; ", check.message()));
  }
  return all;
}

}  // namespace nap

#endif  // NAP_BASE_OPTION_CHECKS_H_
