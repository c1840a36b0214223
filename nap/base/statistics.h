// Statistics over a handful of runs or a list of architectures.
#ifndef NAP_BASE_STATISTICS_H_
#define NAP_BASE_STATISTICS_H_

#include <optional>
#include <vector>

namespace nap {

struct Statistics {
  double mean;
  std::optional<double> spread;  // sample standard deviation; none of a single value
};

// Of at least one value.
Statistics StatisticsOf(const std::vector<double>& values);

// The value's place among all, 1 the smallest; equal values share the mean of their places.
std::vector<double> RanksOf(const std::vector<double>& values);

// Of two lists of one length, from -1 to 1; not a number if all of a list are equal. Both treat
// ties fairly: Spearman's is the linear correlation of RanksOf, Kendall's is tau-b.
double SpearmanCorrelation(const std::vector<double>& a, const std::vector<double>& b);
double KendallCorrelation(const std::vector<double>& a, const std::vector<double>& b);

struct Interval {
  double low, high;
};

// Where the mean of `a` less the mean of `b` lies in 95 of 100 cases, by drawing both anew 10,000
// times from what was measured, with replacement (percentile bootstrap: Efron, "Bootstrap Methods:
// Another Look at the Jackknife", 1979). The same numbers give the same interval.
Interval BootstrapDifference(const std::vector<double>& a, const std::vector<double>& b);

// The same of Spearman's correlation, pairs being drawn; 2,000 times.
Interval BootstrapSpearman(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace nap

#endif  // NAP_BASE_STATISTICS_H_
