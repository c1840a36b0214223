// training_loss: how fast a network learns. The mean training loss of its first steps, negative, so
// that a loss that falls fast scores high (the sum of training losses: Ru et al., "Speedy
// Performance Estimation for Neural Architecture Search", NeurIPS 2021).
#include <ATen/ops/cross_entropy_loss.h>
#include <absl/strings/str_cat.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <memory>

#include "data/loader.h"
#include "nap/model/derived_network.h"
#include "nap/scores/score.h"
#include "nap/training/clipped_step.h"
#include "nap/training/learning_rate.h"
#include "nap/training/optimizer.h"

namespace nap {
namespace {

// As DARTS trains its networks.
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 3e-4;
constexpr double kClippedNorm = 5;

class TrainingLoss final : public Score {
 public:
  explicit TrainingLoss(const ParameterValues& parameters)
      : steps_(parameters.Integer("steps")),
        begin_(parameters.Integer("begin")),
        images_(parameters.Integer("images")),
        learning_rate_(parameters.Number("learning_rate")) {}

  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    const auto network = architecture.Network(0);
    torch::optim::SGD sgd(
        network->parameters(),
        torch::optim::SGDOptions(learning_rate_).momentum(kMomentum).weight_decay(kWeightDecay));
    const auto loader = architecture.Images(images_);
    int64_t epoch = 0;
    double sum = 0;
    for (int64_t step = 0; step < steps_; ++step) {
      if (architecture.Stops()) return absl::CancelledError("stopped");
      Batch batch;
      if (!loader->Next(&batch)) {
        loader->StartEpoch(++epoch);
        if (!loader->Next(&batch)) return absl::DataLossError("every image is broken");
      }
      SetLearningRate(&sgd, CosineAnnealing(learning_rate_, 0, static_cast<double>(step) / steps_));
      sgd.zero_grad();
      const at::Tensor loss =
          at::cross_entropy_loss(network->Forward(batch.images).logits, batch.labels);
      const double value = loss.item<double>();
      if (!std::isfinite(value)) {
        return absl::FailedPreconditionError(
            absl::StrCat("training_loss: the loss became ", value, " in step ", step + 1,
                         "; lower learning_rate=", learning_rate_));
      }
      if (step >= begin_) sum += value;
      loss.backward();
      StepClipped(&sgd, kClippedNorm);
    }
    return -sum / static_cast<double>(steps_ - begin_);
  }

 private:
  const int64_t steps_, begin_, images_;
  const double learning_rate_;
};

absl::StatusOr<std::unique_ptr<Score>> Make(const ParameterValues& parameters) {
  const int64_t steps = parameters.Integer("steps"), begin = parameters.Integer("begin");
  if (begin >= steps) {
    return absl::InvalidArgumentError(
        absl::StrCat("begin=", begin, " leaves none of steps=", steps));
  }
  return std::make_unique<TrainingLoss>(parameters);
}

const bool registered = ScoreRegistry::Global().Register(
    "training_loss", {"mean training loss of the first steps, negative",
                      Make,
                      {Parameter::Integer("steps", 100, 1, "gradient steps"),
                       Parameter::Integer("begin", 0, 0, "steps before the first that counts"),
                       Parameter::Integer("images", 32, 1, "images in a batch"),
                       Parameter::Number("learning_rate", 0.05, 1e-9,
                                         "at the start; it falls to 0 along a cosine")}});

}  // namespace
}  // namespace nap
