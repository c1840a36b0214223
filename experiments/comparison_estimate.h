// How long the rest of a comparison takes, by what of it has been done.
#ifndef EXPERIMENTS_COMPARISON_ESTIMATE_H_
#define EXPERIMENTS_COMPARISON_ESTIMATE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nap {

struct TimedStep {
  std::string title;  // of all steps of this kind, for people: "searches with darts", "trainings"
  std::string method;
  std::string alike;  // steps that have it in common take about as long, whatever their methods
};

class ComparisonEstimate {
 public:
  void Add(const TimedStep& step, double seconds);

  // "; about 5 min 00 s left" for these steps, which so many workers share; nothing if there are
  // none. A step takes the mean of its method's, or as long as there is none of these the mean of
  // those alike; what there is neither of is named instead.
  std::string Left(const std::vector<TimedStep>& steps, size_t workers) const;

 private:
  // By `alike` and method; the method "" stands for all.
  std::map<std::pair<std::string, std::string>, std::vector<double>> seconds_;
};

}  // namespace nap

#endif  // EXPERIMENTS_COMPARISON_ESTIMATE_H_
