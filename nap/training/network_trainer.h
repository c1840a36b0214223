// Trains a derived network from scratch.
#ifndef NAP_TRAINING_NETWORK_TRAINER_H_
#define NAP_TRAINING_NETWORK_TRAINER_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>

#include "data/dataset.h"
#include "nap/training/trained_network.h"
#include "nap/training/training_options.h"

namespace nap {

struct Checkpoint;

// After each step. Losses and accuracies are means since the epoch began.
struct TrainingStepReport {
  int epoch;  // from 1
  int epochs;
  int64_t step;  // from 1
  int64_t steps_per_epoch;
  double train_loss;  // of the classifier at the network's end, smoothed and mixed as it is trained
  double train_accuracy;
  double images_per_second;
  double seconds_left;  // if the steps to come take as long as those of late
};

// After each epoch.
struct TrainingEpochReport {
  int epoch;  // from 1
  int epochs;
  double learning_rate;
  double train_loss;
  double train_accuracy;
  double test_loss;
  double test_accuracy;
  double test_top5_accuracy;
  bool is_best;  // the test accuracy is higher than after any epoch before
  double seconds;
  int64_t peak_memory_bytes;  // of the process, so far
  int64_t broken_images;      // left out in this epoch, training and test images together
};

// Told how it goes. An error stops the training and is what Run returns.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual absl::Status OnStep(const TrainingStepReport& report) = 0;
  virtual absl::Status OnEpoch(const TrainingEpochReport& report) = 0;
};

struct TrainingResult {
  double last_accuracy;
  double best_accuracy;
  int best_epoch;
};

class NetworkTrainer {
 public:
  // Trains `model.network`, whose description must be the data's. `data` must outlive the trainer.
  // InvalidArgument for an option out of range.
  static absl::StatusOr<std::unique_ptr<NetworkTrainer>> Create(const TrainingOptions& options,
                                                                const TrainedNetwork& model,
                                                                const DatasetPair* data);
  virtual ~NetworkTrainer() = default;

  // All that the training needs to go on from where it is, the model in the form of
  // SaveTrainedNetwork. Observers may call it.
  virtual Checkpoint Save() const = 0;

  // Before Run: lets it go on from there, to the same bits as if it had never been interrupted. For
  // a trainer made with the same options, network and data; FailedPrecondition if the checkpoint is
  // of others and that can be seen.
  virtual absl::Status Load(const Checkpoint& checkpoint) = 0;

  // May be called once. Ends with the last epoch, or with the error that stopped it: the
  // observer's, or FailedPrecondition when the loss is no longer finite.
  virtual absl::StatusOr<TrainingResult> Run(TrainingObserver* observer) = 0;
};

}  // namespace nap

#endif  // NAP_TRAINING_NETWORK_TRAINER_H_
