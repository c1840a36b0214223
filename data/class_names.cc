#include "data/class_names.h"

#include <absl/strings/numbers.h>
#include <glog/logging.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace nap {
namespace {

int64_t NumberIn(const std::string& name) {
  int64_t number = 0;
  CHECK(absl::SimpleAtoi(name, &number)) << name;
  return number;
}

}  // namespace

std::vector<std::string> ClassNames(std::vector<std::string> of_images, bool by_number) {
  std::vector<std::string> names = std::move(of_images);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (by_number) {
    std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return NumberIn(a) < NumberIn(b);
    });
  }
  return names;
}

std::map<std::string, int> LabelsByName(const std::vector<std::string>& class_names) {
  std::map<std::string, int> labels;
  for (const std::string& name : class_names) labels.emplace(name, static_cast<int>(labels.size()));
  return labels;
}

}  // namespace nap
