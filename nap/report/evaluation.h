// How good a classifier's answers are, in numbers.
#ifndef NAP_REPORT_EVALUATION_H_
#define NAP_REPORT_EVALUATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace nap {

class Evaluation {
 public:
  explicit Evaluation(int classes) : classes_(classes) {}

  // The answer to an image: the natural logarithms of the probabilities, one a class. What is
  // predicted is the likeliest class; of equally likely ones the first.
  void Add(int64_t image, const double* log_probabilities, int label);

  int64_t images() const { return images_; }
  int64_t correct() const { return correct_; }

  // Means over the images; 0 if there are none. The label is among the five likeliest classes:
  // top5.
  double accuracy() const { return Mean(static_cast<double>(correct_)); }
  double top5_accuracy() const { return Mean(static_cast<double>(correct_top5_)); }
  double cross_entropy() const { return Mean(cross_entropy_); }  // nats

  // Answers by their confidence, the predicted class's probability: bin i of kBins has those above
  // i / kBins up to (i + 1) / kBins.
  static constexpr int kBins = 15;
  struct Bin {
    int64_t images = 0;
    int64_t correct = 0;
    double confidences = 0;  // their sum

    // Of a bin that has images.
    double accuracy() const { return static_cast<double>(correct) / static_cast<double>(images); }
    double confidence() const { return confidences / static_cast<double>(images); }
  };
  const std::array<Bin, kBins>& bins() const { return bins_; }

  // The expected calibration error (Guo et al. 2017): the mean over the images of the distance
  // between accuracy and confidence of their bin.
  double calibration_error() const;

  struct ClassResult {
    int64_t images = 0;
    int64_t correct = 0;
  };
  const std::vector<ClassResult>& classes() const { return classes_; }  // by label

  struct Confusion {
    int label;
    int predicted;  // another
    int64_t images;
  };
  // Most frequent first; of equally frequent ones those of the first label, then prediction.
  std::vector<Confusion> Confusions() const;

  struct Mistake {
    int64_t image;
    int label;
    int predicted;
    double probability;  // of what is predicted
  };
  // The kMistakes most confident ones, in this order; of equally confident ones the first images.
  static constexpr size_t kMistakes = 24;
  const std::vector<Mistake>& mistakes() const { return mistakes_; }

 private:
  double Mean(double sum) const { return images_ == 0 ? 0 : sum / static_cast<double>(images_); }

  int64_t images_ = 0;
  int64_t correct_ = 0;
  int64_t correct_top5_ = 0;
  double cross_entropy_ = 0;
  std::array<Bin, kBins> bins_;
  std::vector<ClassResult> classes_;
  std::map<std::pair<int, int>, int64_t> confusions_;  // by label and prediction
  std::vector<Mistake> mistakes_;
};

}  // namespace nap

#endif  // NAP_REPORT_EVALUATION_H_
