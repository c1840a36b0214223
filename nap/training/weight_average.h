// The average of a network's weights over its training, which is often better than the last ones.
#ifndef NAP_TRAINING_WEIGHT_AVERAGE_H_
#define NAP_TRAINING_WEIGHT_AVERAGE_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "nap/training/checkpoint.h"

namespace nap {

// Exponential moving average (Polyak and Juditsky 1992 on averaging; Tarvainen and Valpola 2017 in
// this form). The decay of the update after t others is min(decay, (1 + t) / (10 + t)), as
// TensorFlow's: the first weights, which are random, are soon forgotten.
//
// Statistics of batch norms are averaged in the same way: those of the last steps are of the last
// weights, not of averaged ones. What else a network has (counts) is copied.
class WeightAverage {
 public:
  // Both live on, and stay where they are. `average`, a module like `trained`, takes its values.
  WeightAverage(const torch::nn::Module& trained, const torch::nn::Module& average, double decay);

  // After each step. What it does depends on the weights alone, so that processes with the same
  // weights have the same average.
  void Update();

  // How many updates there were; the average itself is a module, and saved as such.
  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);

 private:
  const double decay_;
  int64_t updates_ = 0;
  std::vector<at::Tensor> trained_, average_;                // what is averaged
  std::vector<at::Tensor> trained_counts_, average_counts_;  // what is copied
};

}  // namespace nap

#endif  // NAP_TRAINING_WEIGHT_AVERAGE_H_
