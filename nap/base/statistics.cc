#include "nap/base/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nap/base/random.h"

namespace nap {
namespace {

constexpr uint64_t kBootstrapStream = 0x626f6f74;
constexpr int kDifferenceDraws = 10000;
constexpr int kSpearmanDraws = 2000;

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
}

int SignOf(double value) { return (value > 0) - (value < 0); }

// The middle 95 of 100; what is not a number is left out.
Interval MiddleOf(std::vector<double> values) {
  values.erase(
      std::remove_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }),
      values.end());
  if (values.empty()) return {std::nan(""), std::nan("")};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
  };
  return {at(0.025), at(0.975)};
}

double DrawnMean(const std::vector<double>& values, RandomStream* random) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[static_cast<size_t>(random->Below(static_cast<int64_t>(values.size())))];
  }
  return sum / static_cast<double>(values.size());
}

}  // namespace

Statistics StatisticsOf(const std::vector<double>& values) {
  const double mean = MeanOf(values);
  if (values.size() == 1) return {mean, std::nullopt};
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(values.size() - 1))};
}

std::vector<double> RanksOf(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = static_cast<double>(begin + 1 + end) / 2;
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = shared;
    begin = end;
  }
  return ranks;
}

double SpearmanCorrelation(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = RanksOf(a);
  const std::vector<double> y = RanksOf(b);
  const double mean = static_cast<double>(a.size() + 1) / 2;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

double KendallCorrelation(const std::vector<double>& a, const std::vector<double>& b) {
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const int x = SignOf(a[i] - a[j]);
      const int y = SignOf(b[i] - b[j]);
      xx += x * x;
      yy += y * y;
      xy += x * y;
    }
  }
  return xy / std::sqrt(xx * yy);
}

Interval BootstrapDifference(const std::vector<double>& a, const std::vector<double>& b) {
  RandomStream random({kBootstrapStream});
  std::vector<double> differences(kDifferenceDraws);
  for (double& difference : differences) {
    difference = DrawnMean(a, &random);
    difference -= DrawnMean(b, &random);
  }
  return MiddleOf(std::move(differences));
}

Interval BootstrapSpearman(const std::vector<double>& a, const std::vector<double>& b) {
  RandomStream random({kBootstrapStream});
  std::vector<double> correlations(kSpearmanDraws);
  std::vector<double> x(a.size()), y(a.size());
  for (double& correlation : correlations) {
    for (size_t i = 0; i < a.size(); ++i) {
      const auto drawn = static_cast<size_t>(random.Below(static_cast<int64_t>(a.size())));
      x[i] = a[drawn];
      y[i] = b[drawn];
    }
    correlation = SpearmanCorrelation(x, y);
  }
  return MiddleOf(std::move(correlations));
}

}  // namespace nap
