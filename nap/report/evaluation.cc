#include "nap/report/evaluation.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace nap {

void Evaluation::Add(int64_t image, const double* log_probabilities, int label) {
  const auto classes = static_cast<int>(classes_.size());
  const auto predicted = static_cast<int>(
      std::max_element(log_probabilities, log_probabilities + classes) - log_probabilities);
  int likelier = 0;  // classes that come before the label
  for (int i = 0; i < classes; ++i) {
    likelier += log_probabilities[i] > log_probabilities[label] ||
                (log_probabilities[i] == log_probabilities[label] && i < label);
  }
  const bool is_correct = predicted == label;
  ++images_;
  correct_ += is_correct;
  correct_top5_ += likelier < 5;
  cross_entropy_ -= log_probabilities[label];
  const double confidence = std::exp(log_probabilities[predicted]);
  const int bin = std::clamp(static_cast<int>(std::ceil(confidence * kBins)) - 1, 0, kBins - 1);
  ++bins_[bin].images;
  bins_[bin].correct += is_correct;
  bins_[bin].confidences += confidence;
  ++classes_[label].images;
  classes_[label].correct += is_correct;
  if (is_correct) return;
  ++confusions_[{label, predicted}];
  const Mistake mistake{image, label, predicted, confidence};
  const auto comes_before = [](const Mistake& a, const Mistake& b) {
    return std::tuple(-a.probability, a.image) < std::tuple(-b.probability, b.image);
  };
  mistakes_.insert(std::upper_bound(mistakes_.begin(), mistakes_.end(), mistake, comes_before),
                   mistake);
  if (mistakes_.size() > kMistakes) mistakes_.pop_back();
}

double Evaluation::calibration_error() const {
  double sum = 0;
  for (const Bin& bin : bins_) sum += std::abs(static_cast<double>(bin.correct) - bin.confidences);
  return Mean(sum);
}

std::vector<Evaluation::Confusion> Evaluation::Confusions() const {
  std::vector<Confusion> all;
  for (const auto& [classes, images] : confusions_) {
    all.push_back({classes.first, classes.second, images});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Confusion& a, const Confusion& b) { return a.images > b.images; });
  return all;
}

}  // namespace nap
