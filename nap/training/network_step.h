// What a step of training computes of a batch.
#ifndef NAP_TRAINING_NETWORK_STEP_H_
#define NAP_TRAINING_NETWORK_STEP_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "data/loader.h"
#include "nap/model/derived_network.h"
#include "nap/runtime/device.h"
#include "nap/runtime/process_group.h"
#include "nap/runtime/step_runner.h"
#include "nap/training/training_options.h"

namespace nap {

// Images of a pass, at least: over them the auxiliary head's last norm, of one pixel, is one.
inline constexpr int64_t kLeastForNorms = 2;

// Runs the network in the precision; the logits are float32. drop_path: DrawDropPath's, or
// undefined.
DerivedNetwork::Output ForwardIn(const ComputeDevice& device, DerivedNetwork* network,
                                 const at::Tensor& images, const at::Tensor& drop_path = {});

class NetworkStep {
 public:
  struct Result {
    at::Tensor total_loss;  // with the auxiliary head's
    at::Tensor loss;
    at::Tensor logits;                  // [own images, classes]
    std::vector<at::Tensor> gradients;  // of the total loss, in the order of the parameters
  };

  // class_weights: [classes], or undefined where all are 1. All must outlive the step.
  NetworkStep(const TrainingOptions* options, const ComputeDevice& device, DerivedNetwork* network,
              at::Tensor class_weights);

  // Of this process's part of the batch, in options.accumulate passes. Losses are to be added to
  // the other processes'; gradients are those of all. Valid until the next step.
  Result Run(const Batch& batch, int64_t epoch, int64_t step);

 private:
  std::vector<at::Tensor> InputsOf(const Batch& batch, int64_t epoch, int64_t step) const;
  std::vector<at::Tensor> Pass(const std::vector<at::Tensor>& inputs, const Batch& batch,
                               int64_t begin, int64_t end);
  std::vector<at::Tensor> Passes(const std::vector<at::Tensor>& inputs, const Batch& batch);
  std::vector<at::Tensor> ForwardAndBackward(const std::vector<at::Tensor>& inputs);
  at::Tensor Loss(const at::Tensor& logits, const std::vector<at::Tensor>& inputs) const;

  const TrainingOptions& options_;
  const ComputeDevice device_;
  DerivedNetwork& network_;
  ProcessGroup& processes_;
  const std::vector<at::Tensor> weights_;
  const at::Tensor class_weights_;
  const std::unique_ptr<StepRunner> runner_;
};

}  // namespace nap

#endif  // NAP_TRAINING_NETWORK_STEP_H_
