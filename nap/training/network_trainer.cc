#include "nap/training/network_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <absl/strings/str_cat.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "data/loader.h"
#include "nap/base/clock.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/runtime/device.h"
#include "nap/runtime/memory.h"
#include "nap/runtime/threads.h"
#include "nap/training/checkpoint.h"
#include "nap/training/clipped_step.h"
#include "nap/training/meter.h"
#include "nap/training/mixup.h"
#include "nap/training/optimizer.h"
#include "nap/training/pace.h"
#include "nap/training/training_state.h"

namespace nap {
namespace {

// Tell the streams of one seed apart.
constexpr uint64_t kLoaderStream = 1;
constexpr uint64_t kDropPathStream = 2;
constexpr uint64_t kMixupStream = 3;

// What DARTS does to ImageNet's photos.
constexpr ColorJitter kDartsJitter = {0.4F, 0.4F, 0.4F, 0.2F};

// Names in a checkpoint.
constexpr char kOptimizer[] = "optimizer";
constexpr char kTrain[] = "train";

LoaderOptions Loading(const TrainingOptions& options, const Dataset& images, bool train) {
  LoaderOptions loading;
  loading.batch_size = options.batch_size;
  loading.shuffle = train;
  loading.drop_last = train;
  loading.training_view = train;
  loading.workers = options.workers;
  loading.seed = RandomStream({options.seed, kLoaderStream}).Bits();
  loading.augmentation.mean = images.mean();
  loading.augmentation.stddev = images.stddev();
  if (train) {
    loading.augmentation.crop_padding = options.crop_padding;
    if (options.color_jitter) loading.augmentation.jitter = kDartsJitter;
    loading.augmentation.flip = options.flip;
    loading.augmentation.cutout = options.cutout;
  }
  return loading;
}

// The first `most` images; 0: all.
std::vector<int64_t> First(const Dataset& images, int64_t most) {
  std::vector<int64_t> indices(most > 0 ? std::min(most, images.size()) : images.size());
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

absl::Status NoImages(const char* kind) {
  return absl::DataLossError(absl::StrCat("every one of the ", kind, " images is broken"));
}

// How far the training is.
struct State {
  int64_t epoch = 1;   // the running one
  int64_t step = 0;    // steps done in it
  double seconds = 0;  // spent on them
  int64_t broken_images = 0;
  ClassificationMeter train;
  double last_accuracy = 0;
  double best_accuracy = -1;
  int64_t best_epoch = 0;

  template <typename Self, typename Checkpoint, typename Visit>
  static void ForEach(Self& state, Checkpoint& checkpoint, const Visit& visit) {
    visit(checkpoint.integers, "epoch", state.epoch);
    visit(checkpoint.integers, "step", state.step);
    visit(checkpoint.integers, "broken_images", state.broken_images);
    visit(checkpoint.integers, "best_epoch", state.best_epoch);
    visit(checkpoint.numbers, "seconds", state.seconds);
    visit(checkpoint.numbers, "last_accuracy", state.last_accuracy);
    visit(checkpoint.numbers, "best_accuracy", state.best_accuracy);
  }
};

class NetworkTrainerImpl final : public NetworkTrainer {
 public:
  NetworkTrainerImpl(const TrainingOptions& options, c10::Device device,
                     const TrainedNetwork& model, const DatasetPair* data)
      : options_(options),
        device_(device),
        description_(model.description),
        network_(model.network),
        train_loader_(data->train.get(), First(*data->train, 0),
                      Loading(options, *data->train, true)),
        test_loader_(data->test.get(), First(*data->test, options.evaluation_images),
                     Loading(options, *data->test, false)),
        steps_per_epoch_(train_loader_.batches_per_epoch()) {
    if (options.steps_per_epoch > 0) {
      steps_per_epoch_ = std::min(steps_per_epoch_, options.steps_per_epoch);
    }
    network_->to(device_);
    network_->train();
    weights_ = network_->parameters();
    optimizer_ = std::make_unique<torch::optim::SGD>(weights_,
                                                     torch::optim::SGDOptions(options.learning_rate)
                                                         .momentum(options.momentum)
                                                         .weight_decay(options.weight_decay));
  }

  Checkpoint Save() const override {
    Checkpoint checkpoint;
    SaveTrainedNetwork(*network_, description_, &checkpoint);
    SaveOptimizer(*optimizer_, kOptimizer, &checkpoint);
    State::ForEach(state_, checkpoint,
                   [](auto& map, const char* name, const auto& value) { map[name] = value; });
    state_.train.Save(kTrain, &checkpoint);
    return checkpoint;
  }

  absl::Status Load(const Checkpoint& checkpoint) override {
    NAP_RETURN_IF_ERROR(RestoreTrainedNetwork(checkpoint, description_, network_.get()));
    NAP_RETURN_IF_ERROR(LoadOptimizer(checkpoint, kOptimizer, optimizer_.get()));
    absl::Status status;
    State::ForEach(state_, checkpoint, [&](const auto& map, const char* name, auto& value) {
      status.Update(Get(map, name, &value));
    });
    NAP_RETURN_IF_ERROR(status);
    return state_.train.Load(checkpoint, kTrain);
  }

  absl::StatusOr<TrainingResult> Run(TrainingObserver* observer) override {
    while (state_.epoch <= options_.epochs) NAP_RETURN_IF_ERROR(RunEpoch(observer));
    return TrainingResult{state_.last_accuracy, state_.best_accuracy,
                          static_cast<int>(state_.best_epoch)};
  }

 private:
  absl::Status RunEpoch(TrainingObserver* observer);
  absl::Status TrainEpoch(TrainingObserver* observer);
  absl::Status TrainStep(const Batch& batch);
  at::Tensor Loss(const at::Tensor& logits, const at::Tensor& labels,
                  const MixedBatch& mixed) const;
  ClassificationMeter Evaluate();

  // Of the running step.
  RandomStream Random(uint64_t stream) const {
    return RandomStream({options_.seed, stream, static_cast<uint64_t>(state_.epoch),
                         static_cast<uint64_t>(state_.step)});
  }

  const TrainingOptions options_;
  const c10::Device device_;
  const ModelDescription description_;
  const std::shared_ptr<DerivedNetwork> network_;
  Loader train_loader_;
  Loader test_loader_;
  int64_t steps_per_epoch_;
  std::vector<at::Tensor> weights_;
  std::unique_ptr<torch::optim::SGD> optimizer_;
  State state_;
  Pace pace_;
};

// The loss of a mixture is the mixture of the losses.
at::Tensor NetworkTrainerImpl::Loss(const at::Tensor& logits, const at::Tensor& labels,
                                    const MixedBatch& mixed) const {
  const auto loss = [&](const at::Tensor& targets) {
    return at::cross_entropy_loss(logits, targets, /*weight=*/{}, at::Reduction::Mean,
                                  /*ignore_index=*/-100, options_.label_smoothing);
  };
  if (!mixed.images.defined()) return loss(labels);
  return loss(labels) * mixed.share + loss(mixed.other_labels) * (1 - mixed.share);
}

absl::Status NetworkTrainerImpl::TrainStep(const Batch& batch) {
  at::Tensor images = batch.images.to(device_);
  const at::Tensor labels = batch.labels.to(device_);
  MixedBatch mixed;
  if (options_.mixup > 0) {
    RandomStream random = Random(kMixupStream);
    mixed = Mix(images, labels, options_.mixup, &random);
    images = mixed.images;
  }
  RandomStream random = Random(kDropPathStream);
  const DerivedNetwork::Output output = network_->Forward(
      images, {DropPathProbability(options_, static_cast<int>(state_.epoch)), &random});
  const at::Tensor loss = Loss(output.logits, labels, mixed);
  at::Tensor total = loss;
  if (output.auxiliary_logits.defined()) {
    total = total + Loss(output.auxiliary_logits, labels, mixed) * options_.auxiliary_weight;
  }
  const auto value = total.item<double>();
  if (!std::isfinite(value)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the training loss became ", value, " in epoch ", state_.epoch, ", step ", state_.step + 1,
        ": the training diverged; lower --learning_rate=", options_.learning_rate));
  }
  ClearGradients(weights_);
  total.backward();
  StepClipped(optimizer_.get(), options_.gradient_clip);
  state_.train.Add(loss.item<double>(), output.logits.detach(), labels);
  state_.step = train_loader_.next_batch();
  return absl::OkStatus();
}

absl::Status NetworkTrainerImpl::TrainEpoch(TrainingObserver* observer) {
  const int epoch = static_cast<int>(state_.epoch);
  const double begin = MonotonicSeconds() - state_.seconds;
  const int64_t broken_before = state_.broken_images;
  train_loader_.StartEpoch(epoch - 1, state_.step);
  // A batch whose images are all broken is passed over: a step is missing then.
  Batch batch;
  while (state_.step < steps_per_epoch_ && train_loader_.Next(&batch)) {
    const double step_begin = MonotonicSeconds();
    NAP_RETURN_IF_ERROR(TrainStep(batch));
    const double now = MonotonicSeconds();
    state_.seconds = now - begin;
    state_.broken_images = broken_before + train_loader_.broken_images();
    pace_.Add(now - step_begin);
    const int64_t steps_left =
        steps_per_epoch_ - state_.step + (options_.epochs - epoch) * steps_per_epoch_;
    NAP_RETURN_IF_ERROR(observer->OnStep(
        {epoch, options_.epochs, state_.step, steps_per_epoch_, state_.train.loss(),
         state_.train.accuracy(), static_cast<double>(state_.train.images()) / state_.seconds,
         static_cast<double>(steps_left) * pace_.seconds()}));
  }
  return state_.train.images() > 0 ? absl::OkStatus() : NoImages("training");
}

ClassificationMeter NetworkTrainerImpl::Evaluate() {
  const at::NoGradGuard no_grad;
  network_->eval();
  ClassificationMeter meter;
  test_loader_.StartEpoch(0);
  Batch batch;
  while (test_loader_.Next(&batch)) {
    const at::Tensor labels = batch.labels.to(device_);
    const at::Tensor logits = network_->Forward(batch.images.to(device_)).logits;
    meter.Add(at::cross_entropy_loss(logits, labels).item<double>(), logits, labels);
  }
  network_->train();
  return meter;
}

absl::Status NetworkTrainerImpl::RunEpoch(TrainingObserver* observer) {
  const int epoch = static_cast<int>(state_.epoch);
  const double begin = MonotonicSeconds() - state_.seconds;
  const double learning_rate = LearningRate(options_, epoch);
  SetLearningRate<torch::optim::SGDOptions>(optimizer_.get(), learning_rate);
  NAP_RETURN_IF_ERROR(TrainEpoch(observer));
  const ClassificationMeter test = Evaluate();
  if (test.images() == 0) return NoImages("test");
  const bool is_best = test.accuracy() > state_.best_accuracy;
  const TrainingEpochReport report{epoch,
                                   options_.epochs,
                                   learning_rate,
                                   state_.train.loss(),
                                   state_.train.accuracy(),
                                   test.loss(),
                                   test.accuracy(),
                                   test.top5_accuracy(),
                                   is_best,
                                   MonotonicSeconds() - begin,
                                   PeakMemoryBytes(),
                                   state_.broken_images + test_loader_.broken_images()};
  ++state_.epoch;
  state_.step = 0;
  state_.seconds = 0;
  state_.broken_images = 0;
  state_.train = {};
  state_.last_accuracy = test.accuracy();
  if (is_best) {
    state_.best_accuracy = test.accuracy();
    state_.best_epoch = epoch;
  }
  return observer->OnEpoch(report);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetworkTrainer>> NetworkTrainer::Create(
    const TrainingOptions& options, const TrainedNetwork& model, const DatasetPair* data) {
  NAP_RETURN_IF_ERROR(Validate(options));
  NAP_ASSIGN_OR_RETURN(const c10::Device device, FindDevice(options.device));
  CHECK_EQ(model.network->plan().classes, data->train->num_classes());
  CHECK_EQ(model.network->plan().image_channels, data->train->shape().channels);
  if (data->train->size() < options.batch_size) {
    return absl::InvalidArgumentError(absl::StrCat("--batch_size=", options.batch_size,
                                                   " is more than the ", data->train->size(),
                                                   " training images"));
  }
  return std::make_unique<NetworkTrainerImpl>(options, device, model, data);
}

}  // namespace nap
