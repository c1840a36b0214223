#include "experiments/comparison_estimate.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "nap/base/statistics.h"
#include "nap/report/duration.h"

namespace nap {

void ComparisonEstimate::Add(const TimedStep& step, double seconds) {
  seconds_[{step.alike, step.method}].push_back(seconds);
  seconds_[{step.alike, ""}].push_back(seconds);
}

std::string ComparisonEstimate::Left(const std::vector<TimedStep>& steps, size_t workers) const {
  if (steps.empty()) return "";
  double seconds = 0;
  std::vector<std::string> unknown;
  for (const TimedStep& step : steps) {
    auto found = seconds_.find({step.alike, step.method});
    if (found == seconds_.end()) found = seconds_.find({step.alike, ""});
    if (found != seconds_.end()) {
      seconds += StatisticsOf(found->second).mean;
    } else if (std::find(unknown.begin(), unknown.end(), step.title) == unknown.end()) {
      unknown.push_back(step.title);
    }
  }
  const std::string about =
      absl::StrCat("; about ", FormatDuration(seconds / static_cast<double>(workers)), " left");
  if (unknown.empty()) return about;
  return absl::StrCat(seconds > 0 ? absl::StrCat(about, " and what is") : "; time left",
                      " not known yet (", absl::StrJoin(unknown, ", "), ")");
}

}  // namespace nap
