#include "nap/training/network_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <absl/strings/str_cat.h>
#include <torch/optim/optimizer.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "data/loader.h"
#include "data/split.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/runtime/device.h"
#include "nap/runtime/process_group.h"
#include "nap/runtime/random_state.h"
#include "nap/training/checkpoint.h"
#include "nap/training/class_weights.h"
#include "nap/training/clipped_step.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/images_state.h"
#include "nap/training/network_step.h"
#include "nap/training/optimizer.h"
#include "nap/training/training_state.h"
#include "nap/training/weight_average.h"

namespace nap {
namespace {

// Tells it from a step's streams of the same seed.
constexpr uint64_t kLoaderStream = 1;

// What DARTS does to ImageNet's photos.
constexpr ColorJitter kDartsJitter = {0.4F, 0.4F, 0.4F, 0.2F};

// Names in a checkpoint.
constexpr char kOptimizer[] = "optimizer";
constexpr char kTrained[] = "trained";  // the weights that are trained, where others are averaged

LoaderOptions Loading(const TrainingOptions& options, const c10::Device& device,
                      const Dataset& images, bool train) {
  LoaderOptions loading;
  loading.device = device;
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
    loading.augmentation.rand_augment = options.rand_augment;
    loading.augmentation.erasing = options.random_erasing;
    loading.balanced = options.sampling == "balanced";
  }
  return ShareOf(*options.processes, loading, /*whole_batches=*/!train);
}

// The first `most` images; 0: all.
std::vector<int64_t> First(const Dataset& images, int64_t most) {
  std::vector<int64_t> indices(most > 0 ? std::min(most, images.size()) : images.size());
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

std::unique_ptr<torch::optim::Optimizer> MakeOptimizer(const TrainingOptions& options,
                                                       const std::vector<at::Tensor>& weights) {
  if (options.optimizer == "adamw") {
    return MakeAdamW(weights, options.learning_rate, options.weight_decay);
  }
  return std::make_unique<torch::optim::SGD>(weights,
                                             torch::optim::SGDOptions(options.learning_rate)
                                                 .momentum(options.momentum)
                                                 .weight_decay(options.weight_decay));
}

// How good the network was after its epochs.
struct Accuracies {
  double last = 0;
  double best = -1;
  int64_t best_epoch = 0;

  template <typename Self, typename Checkpoint, typename Visit>
  static void ForEach(Self& self, Checkpoint& checkpoint, const Visit& visit) {
    visit(checkpoint.integers, "best_epoch", self.best_epoch);
    visit(checkpoint.numbers, "last_accuracy", self.last);
    visit(checkpoint.numbers, "best_accuracy", self.best);
  }
};

class NetworkTrainerImpl final : public NetworkTrainer {
 public:
  // averaged: a network like the model's, for options.ema; null without.
  NetworkTrainerImpl(const TrainingOptions& options, const ComputeDevice& device,
                     const TrainedNetwork& model, std::shared_ptr<DerivedNetwork> averaged,
                     const DatasetPair* data)
      : options_(options),
        device_(device),
        description_(model.description),
        network_(model.network),
        averaged_(std::move(averaged)),
        loop_({"training part", options.epochs, options.steps_per_epoch, options.processes.get(),
               kLeastForNorms},
              data->train.get(), First(*data->train, 0),
              Loading(options, device.device, *data->train, true)),
        test_loader_(data->test.get(), First(*data->test, options.evaluation_images),
                     Loading(options, device.device, *data->test, false)),
        train_images_("training images", *data->train),
        test_images_("test images", *data->test),
        processes_(*options_.processes) {
    network_->to(device_.device);
    network_->train();
    weights_ = network_->parameters();
    for (const at::Tensor& buffer : network_->buffers()) {
      if (buffer.is_floating_point()) statistics_.push_back(buffer);
    }
    // The same seed may give other numbers on another kind of machine.
    processes_.Broadcast(weights_);
    processes_.Broadcast(statistics_);
    if (averaged_ != nullptr) {
      averaged_->to(device_.device);
      average_ = std::make_unique<WeightAverage>(*network_, *averaged_, options.ema);
    }
    optimizer_ = MakeOptimizer(options, weights_);
    at::Tensor class_weights;
    if (options.class_weights == "balanced") {
      class_weights = at::tensor(BalancedClassWeights(*data->train), at::kFloat).to(device_.device);
    }
    step_ = std::make_unique<NetworkStep>(&options_, device_, network_.get(), class_weights);
  }

  const DerivedNetwork& network() const override { return *Evaluated(); }

  Checkpoint Save() const override {
    Checkpoint checkpoint;
    SaveTrainedNetwork(*Evaluated(), description_, &checkpoint);
    if (average_ != nullptr) {
      SaveModule(*network_, kTrained, &checkpoint);
      average_->Save(&checkpoint);
    }
    SaveOptimizer(*optimizer_, kOptimizer, &checkpoint);
    train_images_.Save(&checkpoint);
    test_images_.Save(&checkpoint);
    loop_.state().Save(&checkpoint);
    Accuracies::ForEach(accuracies_, checkpoint,
                        [](auto& map, const char* name, const auto& value) { map[name] = value; });
    return checkpoint;
  }

  absl::Status Load(const Checkpoint& checkpoint) override {
    NAP_RETURN_IF_ERROR(train_images_.Check(checkpoint));
    NAP_RETURN_IF_ERROR(test_images_.Check(checkpoint));
    NAP_RETURN_IF_ERROR(RestoreTrainedNetwork(checkpoint, description_, Evaluated()));
    if (average_ != nullptr) {
      NAP_RETURN_IF_ERROR(LoadModule(checkpoint, kTrained, network_.get()));
      NAP_RETURN_IF_ERROR(average_->Load(checkpoint));
    }
    NAP_RETURN_IF_ERROR(LoadOptimizer(checkpoint, kOptimizer, optimizer_.get()));
    NAP_RETURN_IF_ERROR(loop_.state().Load(checkpoint));
    if (loop_.epoch() - 1 > options_.epochs) {
      return absl::FailedPreconditionError(absl::StrCat("--epochs=", options_.epochs,
                                                        " are fewer than the ", loop_.epoch() - 1,
                                                        " that the checkpoint has behind it"));
    }
    absl::Status status;
    Accuracies::ForEach(accuracies_, checkpoint,
                        [&](const auto& map, const char* name, auto& value) {
                          status.Update(Get(map, name, &value));
                        });
    return status;
  }

  absl::StatusOr<TrainingResult> Run(TrainingObserver* observer) override {
    while (loop_.epoch() <= options_.epochs) NAP_RETURN_IF_ERROR(RunEpoch(observer));
    return TrainingResult{accuracies_.last, accuracies_.best,
                          static_cast<int>(accuracies_.best_epoch)};
  }

 private:
  absl::Status RunEpoch(TrainingObserver* observer);
  absl::StatusOr<StepResult> TrainStep(const Batch& batch);
  absl::StatusOr<ClassificationMeter> EvaluateTestPart(TrainingObserver* observer);

  DerivedNetwork* Evaluated() const {
    return averaged_ != nullptr ? averaged_.get() : network_.get();
  }

  const TrainingOptions options_;
  const ComputeDevice device_;
  const ModelDescription description_;
  const std::shared_ptr<DerivedNetwork> network_;   // is trained
  const std::shared_ptr<DerivedNetwork> averaged_;  // of options.ema; null: there is none
  EpochLoop loop_;
  Loader test_loader_;
  const ImagesState train_images_, test_images_;
  ProcessGroup& processes_;
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> statistics_;  // of batch norms: means and variances
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;  // null: there is none
  std::unique_ptr<NetworkStep> step_;
  Accuracies accuracies_;
};

absl::StatusOr<StepResult> NetworkTrainerImpl::TrainStep(const Batch& batch) {
  const NetworkStep::Result result = step_->Run(batch, loop_.state().epoch, loop_.state().step);
  std::vector<double> losses = {result.total_loss.item<double>(), result.loss.item<double>()};
  processes_.Sum(&losses);
  NAP_RETURN_IF_ERROR(CheckFinite(
      losses[0], "training loss", loop_,
      absl::StrCat("the training diverged; lower --learning_rate=", options_.learning_rate)));
  for (size_t i = 0; i < weights_.size(); ++i) weights_[i].mutable_grad() = result.gradients[i];
  // Each process's norms have learned of its own images. All go on with the means, so that any of
  // them can save the network.
  if (processes_.size() > 1 && !options_.global_norms) {
    const at::NoGradGuard no_grad;
    processes_.Sum(statistics_);
    for (const at::Tensor& statistic : statistics_) statistic.div_(processes_.size());
  }
  StepClipped(optimizer_.get(), options_.gradient_clip);
  if (average_ != nullptr) average_->Update();
  return StepResult{losses[1], result.logits};
}

absl::StatusOr<ClassificationMeter> NetworkTrainerImpl::EvaluateTestPart(
    TrainingObserver* observer) {
  const at::NoGradGuard no_grad;
  Evaluated()->eval();
  const auto meter = loop_.Evaluate(&test_loader_, "test part", observer, [&](const Batch& batch) {
    const at::Tensor logits = ForwardIn(device_, Evaluated(), batch.images).logits;
    const at::Tensor loss = at::cross_entropy_loss(logits, batch.labels);
    return StepResult{loss.item<double>(), logits};
  });
  Evaluated()->train();
  return meter;
}

absl::Status NetworkTrainerImpl::RunEpoch(TrainingObserver* observer) {
  const double learning_rate = LearningRate(options_, loop_.epoch());
  SetLearningRate(optimizer_.get(), learning_rate);
  NAP_RETURN_IF_ERROR(
      loop_.RunSteps([this](const Batch& batch) { return TrainStep(batch); },
                     [observer](const StepReport& report) { return observer->OnStep(report); }));
  NAP_ASSIGN_OR_RETURN(const ClassificationMeter test, EvaluateTestPart(observer));
  TrainingEpochReport report{loop_.Report(learning_rate)};
  report.test_loss = test.loss();
  report.test_accuracy = test.accuracy();
  report.test_top5_accuracy = test.top5_accuracy();
  report.is_best = test.accuracy() > accuracies_.best;
  loop_.Finish(&report);
  accuracies_.last = test.accuracy();
  if (report.is_best) {
    accuracies_.best = test.accuracy();
    accuracies_.best_epoch = report.epoch;
  }
  loop_.state().NextEpoch();
  return processes_.Agree(observer->OnEpoch(report));
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetworkTrainer>> NetworkTrainer::Create(
    const TrainingOptions& options, const TrainedNetwork& model, const DatasetPair* data) {
  NAP_RETURN_IF_ERROR(Validate(options));
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice(options.device));
  UseDevice(device, options.device.deterministic);
  CHECK_EQ(model.network->plan().classes, data->train->num_classes());
  CHECK_EQ(model.network->plan().image_channels, data->train->shape().channels);
  const int processes = options.processes->size();
  const int64_t images = options.batch_size / processes / options.accumulate;
  if ((processes > 1 || options.accumulate > 1) && images < kLeastForNorms) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--batch_size=", options.batch_size, " leaves fewer than two images, which batch norms ",
        "need, for a pass of each of ", processes, " processes",
        options.accumulate > 1 ? absl::StrCat(" with --accumulate=", options.accumulate) : ""));
  }
  NAP_RETURN_IF_ERROR(
      CheckTrainingParts(data->train->size(), data->test->size(), options.batch_size));
  std::shared_ptr<DerivedNetwork> averaged;
  if (options.ema > 0) {
    const RandomGuard keep;  // its own first weights count for nothing
    NAP_ASSIGN_OR_RETURN(averaged,
                         DerivedNetwork::Create(model.network->spec(), {model.network->backend()}));
  }
  return std::make_unique<NetworkTrainerImpl>(options, device, model, std::move(averaged), data);
}

}  // namespace nap
