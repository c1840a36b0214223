#include "nap/engine/agreement_for_tests.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace nap {

double RelativeError(const at::Tensor& found, const at::Tensor& wanted) {
  return ((found.to(at::kDouble) - wanted).norm() / wanted.norm().clamp_min(1e-30)).item<double>();
}

void ExpectAgreement(const std::function<NamedTensors(int64_t seed)>& found,
                     const std::function<NamedTensors(int64_t seed)>& wanted, double output_error,
                     double gradient_error, const std::string& what) {
  std::vector<std::string> names;
  std::vector<double> least;
  for (int64_t seed = 0; seed < 5; ++seed) {
    const NamedTensors right = wanted(seed), values = found(seed);
    ASSERT_EQ(values.size(), right.size());
    least.resize(right.size(), 1.0);
    for (size_t i = 0; i < right.size(); ++i) {
      names.push_back(right[i].first);
      ASSERT_EQ(values[i].second.defined(), right[i].second.defined()) << what << names[i];
      if (!right[i].second.defined()) {
        least[i] = 0;
        continue;
      }
      ASSERT_EQ(values[i].second.sizes(), right[i].second.sizes()) << what << names[i];
      least[i] = std::min(least[i], RelativeError(values[i].second, right[i].second));
    }
  }
  for (size_t i = 0; i < least.size(); ++i) {
    EXPECT_LE(least[i], i == 0 ? output_error : gradient_error) << what << names[i];
  }
}

}  // namespace nap
