#include "nap/training/network_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

#include "nap/base/random.h"
#include "nap/runtime/gradients.h"
#include "nap/runtime/synchronized_norms.h"
#include "nap/training/mixup.h"

namespace nap {
namespace {

// Tell the streams of one seed apart; the loader's is 1.
constexpr uint64_t kDropPathStream = 2;
constexpr uint64_t kMixupStream = 3;

// What belongs to a step; other labels and the labels' weights are mixup's, and undefined without
// it. kShare: of all images of the step, those of this pass; undefined if they are all.
enum : size_t { kImages, kLabels, kOtherLabels, kLabelWeights, kDropPath, kShare, kInputs };

// Its results; from kResults on the gradients.
enum : size_t { kTotal, kLoss, kLogits, kResults };

}  // namespace

DerivedNetwork::Output ForwardIn(const ComputeDevice& device, DerivedNetwork* network,
                                 const at::Tensor& images, const at::Tensor& drop_path) {
  DerivedNetwork::Output output;
  {
    const AutocastGuard guard(device.precision, device.device);
    output = network->Forward(images, drop_path);
  }
  for (at::Tensor* logits : {&output.logits, &output.auxiliary_logits}) {
    if (logits->defined()) *logits = logits->to(at::kFloat);
  }
  return output;
}

NetworkStep::NetworkStep(const TrainingOptions* options, const ComputeDevice& device,
                         DerivedNetwork* network, at::Tensor class_weights)
    : options_(*options),
      device_(device),
      network_(*network),
      processes_(*options->processes),
      weights_(network->parameters()),
      class_weights_(std::move(class_weights)),
      runner_(MakeStepRunner(network->backend(), processes_.size())) {}

// The loss of a mixture is the mixture of the losses. Classes' weights multiply the images' losses,
// and are not divided by their sum over the images at hand: so the losses of a batch's parts add up
// to that of all.
at::Tensor NetworkStep::Loss(const at::Tensor& logits,
                             const std::vector<at::Tensor>& inputs) const {
  const auto loss = [&](const at::Tensor& targets) {
    const bool is_weighted = class_weights_.defined();
    const at::Tensor losses = at::cross_entropy_loss(
        logits, targets, /*weight=*/{}, is_weighted ? at::Reduction::None : at::Reduction::Mean,
        /*ignore_index=*/-100, options_.label_smoothing);
    return is_weighted ? (losses * class_weights_.index_select(0, targets)).mean() : losses;
  };
  if (!inputs[kOtherLabels].defined()) return loss(inputs[kLabels]);
  const at::Tensor& weights = inputs[kLabelWeights];
  return loss(inputs[kLabels]) * weights[0] + loss(inputs[kOtherLabels]) * weights[1];
}

// Of what belongs to a step (kImages and so on): the total loss, the main one, the logits, and the
// weights' gradients of the total.
std::vector<at::Tensor> NetworkStep::ForwardAndBackward(const std::vector<at::Tensor>& inputs) {
  const DerivedNetwork::Output output =
      ForwardIn(device_, &network_, inputs[kImages], inputs[kDropPath]);
  at::Tensor loss = Loss(output.logits, inputs);
  at::Tensor total = loss;
  if (output.auxiliary_logits.defined()) {
    total = total + Loss(output.auxiliary_logits, inputs) * options_.auxiliary_weight;
  }
  if (inputs[kShare].defined()) {
    loss = loss * inputs[kShare];
    total = total * inputs[kShare];
  }
  std::vector<at::Tensor> results = {total.detach(), loss.detach(), output.logits.detach()};
  // Of a part of the batch they stay here until those of the others are added.
  const std::vector<at::Tensor> gradients = options_.accumulate > 1
                                                ? Gradients(total, weights_)
                                                : SummedGradients(total, weights_, &processes_);
  results.insert(results.end(), gradients.begin(), gradients.end());
  return results;
}

std::vector<at::Tensor> NetworkStep::InputsOf(const Batch& batch, int64_t epoch,
                                              int64_t step) const {
  const auto stream = [&](uint64_t kind) {
    return RandomStream(
        {options_.seed, kind, static_cast<uint64_t>(epoch), static_cast<uint64_t>(step)});
  };
  std::vector<at::Tensor> inputs(kInputs);
  inputs[kImages] = batch.images;
  inputs[kLabels] = batch.labels;
  if (options_.mixup > 0) {
    RandomStream random = stream(kMixupStream);
    const MixedBatch mixed = Mix(batch.images, batch.labels, options_.mixup, &random);
    inputs[kImages] = mixed.images;
    inputs[kOtherLabels] = mixed.other_labels;
    inputs[kLabelWeights] =
        at::tensor({mixed.share, 1 - mixed.share}, at::kFloat).to(device_.device);
  }
  if (const double probability = DropPathProbability(options_, epoch); probability > 0) {
    RandomStream random = stream(kDropPathStream);
    // All processes draw for all images, so that each image has the same as with one process.
    const at::Tensor factors = network_.DrawDropPath(batch.NumAllImages(), probability, &random);
    inputs[kDropPath] = factors.narrow(1, batch.first_image, batch.NumImages()).to(device_.device);
  }
  return inputs;
}

// ForwardAndBackward's results for the images [begin, end) of the batch.
std::vector<at::Tensor> NetworkStep::Pass(const std::vector<at::Tensor>& inputs, const Batch& batch,
                                          int64_t begin, int64_t end) {
  std::vector<at::Tensor> part = inputs;
  for (const size_t i : {kImages, kLabels, kOtherLabels}) {
    if (part[i].defined()) part[i] = part[i].narrow(0, begin, end - begin);
  }
  if (part[kDropPath].defined()) part[kDropPath] = part[kDropPath].narrow(1, begin, end - begin);
  const int64_t all_images = batch.NumAllImages();
  if (end - begin != all_images) {
    const double share = static_cast<double>(end - begin) / static_cast<double>(all_images);
    part[kShare] = at::full({}, share, at::TensorOptions(at::kFloat).device(device_.device));
  }
  return runner_->Run(/*kind=*/0, part, [&](const std::vector<at::Tensor>& given) {
    const SynchronizedNorms norms(options_.global_norms ? &processes_ : nullptr,
                                  given[kLabels].size(0), all_images);
    return ForwardAndBackward(given);
  });
}

// The same for all of the batch, in options.accumulate parts.
std::vector<at::Tensor> NetworkStep::Passes(const std::vector<at::Tensor>& inputs,
                                            const Batch& batch) {
  const int64_t own = batch.NumImages();
  const int64_t parts = std::clamp<int64_t>(own / kLeastForNorms, 1, options_.accumulate);
  if (parts == 1) return Pass(inputs, batch, 0, own);
  std::vector<at::Tensor> sums, logits;
  for (int64_t i = 0; i < parts; ++i) {
    const std::vector<at::Tensor> results =
        Pass(inputs, batch, own * i / parts, own * (i + 1) / parts);
    // They hold until the next pass only.
    sums.resize(results.size());
    for (size_t j = 0; j < results.size(); ++j) {
      if (!results[j].defined()) continue;
      if (j == kLogits) {
        logits.push_back(results[j].clone());
      } else {
        sums[j] = sums[j].defined() ? sums[j].add_(results[j]) : results[j].clone();
      }
    }
  }
  sums[kLogits] = at::cat(logits);
  return sums;
}

NetworkStep::Result NetworkStep::Run(const Batch& batch, int64_t epoch, int64_t step) {
  const std::vector<at::Tensor> results = Passes(InputsOf(batch, epoch, step), batch);
  Result result = {results[kTotal],
                   results[kLoss],
                   results[kLogits],
                   {results.begin() + kResults, results.end()}};
  if (options_.accumulate > 1) processes_.Sum(result.gradients);
  return result;
}

}  // namespace nap
