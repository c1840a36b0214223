#include "nap/engine/agreement_for_tests.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace nap {

double RelativeError(const at::Tensor& found, const at::Tensor& wanted) {
  return ((found.to(at::kDouble) - wanted).norm() / wanted.norm().clamp_min(1e-30)).item<double>();
}

namespace {

// Infinite if there is no value where one is wanted, or one of another shape. Where none is wanted,
// zeros are as good.
double ErrorOf(const at::Tensor& found, const at::Tensor& wanted) {
  if (!found.defined() && !wanted.defined()) return 0;
  if (!wanted.defined()) return found.to(at::kDouble).norm().item<double>();
  if (!found.defined() || found.sizes() != wanted.sizes()) {
    return std::numeric_limits<double>::infinity();
  }
  const double error = RelativeError(found, wanted);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

bool ExpectAgreement(const std::function<NamedTensors(int64_t seed)>& found,
                     const std::function<NamedTensors(int64_t seed)>& wanted, double output_error,
                     double gradient_error, const std::string& what) {
  const auto allowed = [&](const std::string& name) {
    const bool is_forward = name.find("output") == 0 || name.find("running_") != std::string::npos;
    return is_forward ? output_error : gradient_error;
  };
  std::vector<std::string> names;
  std::vector<double> least;
  for (int64_t seed = 0; seed < 5; ++seed) {
    const NamedTensors right = wanted(seed), values = found(seed);
    if (values.size() != right.size()) {
      ADD_FAILURE() << what << "there are " << values.size() << " values, not " << right.size();
      return false;
    }
    if (names.empty()) {
      for (const auto& [name, value] : right) names.push_back(name);
      least.resize(right.size(), std::numeric_limits<double>::infinity());
    }
    bool agree = true;
    for (size_t i = 0; i < right.size(); ++i) {
      least[i] = std::min(least[i], ErrorOf(values[i].second, right[i].second));
      agree &= least[i] <= allowed(names[i]);
    }
    if (agree) return true;
  }
  for (size_t i = 0; i < least.size(); ++i) {
    if (least[i] <= allowed(names[i])) continue;
    ADD_FAILURE() << what << names[i] << ": the error is " << least[i] << ", at most "
                  << allowed(names[i]) << " is allowed";
  }
  return false;
}

}  // namespace nap
