// Trains a derived network from scratch.
#ifndef NAP_TRAINING_NETWORK_TRAINER_H_
#define NAP_TRAINING_NETWORK_TRAINER_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>

#include "data/dataset.h"
#include "nap/training/epoch_loop.h"
#include "nap/training/phase.h"
#include "nap/training/trained_network.h"
#include "nap/training/training_options.h"

namespace nap {

struct Checkpoint;

// After each epoch. The train loss is of the classifier at the network's end, smoothed and mixed as
// it is trained.
struct TrainingEpochReport : EpochReport {
  double test_loss = 0;
  double test_accuracy = 0;
  double test_top5_accuracy = 0;
  bool is_best = false;  // the test accuracy is higher than after any epoch before
};

// Told how it goes; this one does nothing. An error stops the training and is what Run returns.
class TrainingObserver : public PhaseObserver {
 public:
  virtual absl::Status OnStep(const StepReport& /*report*/) { return absl::OkStatus(); }
  virtual absl::Status OnEpoch(const TrainingEpochReport& /*report*/) { return absl::OkStatus(); }
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

  // What is evaluated and handed over: the averaged network if options.ema is not 0, else the
  // model's. As it is at the moment; observers may call it.
  virtual const DerivedNetwork& network() const = 0;

  // All that the training needs to go on from where it is, network() in the form of
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
