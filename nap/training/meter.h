// Loss and accuracy over many batches.
#ifndef NAP_TRAINING_METER_H_
#define NAP_TRAINING_METER_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nap/training/checkpoint.h"

namespace nap {

class ProcessGroup;

// Of a network on a batch.
struct StepResult {
  double loss = 0;    // mean over the batch
  at::Tensor logits;  // [N, classes]
};

class ClassificationMeter {
 public:
  // labels: [N], on any device.
  void Add(const StepResult& result, const at::Tensor& labels);

  // What another one has counted, too.
  void Add(const ClassificationMeter& other);

  // Collective. Becomes that of all processes' images.
  void Sum(ProcessGroup* processes);

  // All that it knows, for another process.
  std::vector<double> ToNumbers() const;
  static ClassificationMeter FromNumbers(const double* numbers);
  static constexpr size_t kNumbers = 4;

  // To and from a checkpoint, under names that begin with `prefix`.
  void Save(const std::string& prefix, Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint, const std::string& prefix);

  int64_t images() const { return images_; }

  // Means over the images so far; 0 if there were none.
  double loss() const { return images_ == 0 ? 0 : loss_ / images_; }
  double accuracy() const { return Share(correct_); }

  // Whether the label is among the five likeliest classes, or among all if there are fewer.
  double top5_accuracy() const { return Share(correct_top5_); }

 private:
  double Share(int64_t count) const {
    return images_ == 0 ? 0 : static_cast<double>(count) / static_cast<double>(images_);
  }

  double loss_ = 0;
  int64_t correct_ = 0;
  int64_t correct_top5_ = 0;
  int64_t images_ = 0;
};

}  // namespace nap

#endif  // NAP_TRAINING_METER_H_
