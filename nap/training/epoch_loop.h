// The loop over epochs and their steps, which searching and training have in common.
#ifndef NAP_TRAINING_EPOCH_LOOP_H_
#define NAP_TRAINING_EPOCH_LOOP_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/loader.h"
#include "nap/training/checkpoint.h"
#include "nap/training/meter.h"
#include "nap/training/pace.h"
#include "nap/training/phase.h"

namespace nap {

class ProcessGroup;

// After each step. Losses and accuracies are means since the epoch began.
struct StepReport {
  int epoch = 0;  // from 1
  int epochs = 0;
  int64_t step = 0;  // from 1
  int64_t steps_per_epoch = 0;
  double train_loss = 0;
  double train_accuracy = 0;
  double images_per_second = 0;  // of all processes
  double seconds_left = 0;       // if what is to come takes as long as the like of it did of late
  double waiting_share = 0;      // of the epoch's time, what this process waited for others
};

// After each epoch.
struct EpochReport {
  int epoch = 0;  // from 1
  int epochs = 0;
  double learning_rate = 0;
  double train_loss = 0;
  double train_accuracy = 0;
  double seconds = 0;
  int64_t peak_memory_bytes = 0;  // of the process, so far
  int64_t peak_gpu_memory_bytes = 0;
  int64_t broken_images = 0;  // left out in this epoch, those of evaluating it too
  // That are not broken, but what was left of their batch was too small for a step; since the
  // program was started.
  int64_t images_passed_over = 0;
  int processes = 1;         // that computed it
  double waiting_share = 0;  // as in StepReport
  int64_t bytes_sent = 0;    // by this process to others, in this epoch
};

// How far a run is. What a loader gives depends on the numbers of epoch and batch alone.
struct LoopState {
  int64_t epoch = 1;          // the running one
  int64_t step = 0;           // steps done in it
  double seconds = 0;         // spent on it, before interruptions too
  int64_t broken_images = 0;  // in its steps
  ClassificationMeter train;  // of its steps

  void NextEpoch();

  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);
};

class EpochLoop {
 public:
  struct Options {
    std::string images;  // what the loader's are, for messages: "train part"
    int epochs = 0;
    int64_t steps_per_epoch = 0;  // at most; 0: as many as there are batches

    // Of which each has a share of every batch.
    ProcessGroup* processes = nullptr;

    // That a process needs for a step; batches that leave one of them fewer, because others are
    // broken, are passed over.
    int64_t least_images = 1;

    // What a step of an epoch costs compared with others; null: all the same.
    std::function<double(int epoch)> step_cost = nullptr;

    // What is to come beside steps and evaluations; null: nothing.
    std::function<double()> seconds_left_beside = nullptr;
  };

  EpochLoop(Options options, const Dataset* images, std::vector<int64_t> indices,
            const LoaderOptions& loading);

  LoopState& state() { return state_; }
  const LoopState& state() const { return state_; }

  int epoch() const { return static_cast<int>(state_.epoch); }
  int64_t step() const { return loader_.next_batch(); }  // while it is made; from 1

  // The rest of the running epoch. `step`: on a batch; `observe`: after it. Ends with their error,
  // or with DataLoss if no image of the epoch could be read.
  absl::Status RunSteps(const std::function<absl::StatusOr<StepResult>(const Batch&)>& step,
                        const std::function<absl::Status(const StepReport&)>& observe);

  // Collective. Loss and accuracy of the running epoch over one pass of the loader, which gives
  // whole batches: the same bits for any number of processes. Images that are broken count as the
  // epoch's. DataLoss if no image could be read; `images`: as Options::images. What the observer
  // stops it with, if the user asks to stop.
  absl::StatusOr<ClassificationMeter> Evaluate(
      Loader* loader, const std::string& images, PhaseObserver* observer,
      const std::function<StepResult(const Batch& batch)>& evaluate);

  // At the end of the running epoch. `what`: PhaseReport's; `expected`: Phase's.
  Phase NewPhase(std::string what, double expected, PhaseObserver* observer) const;

  // Of the last evaluation; 0: there was none yet.
  double evaluation_seconds() const { return evaluation_seconds_; }

  // Begins to count the seconds of an epoch that has no steps, as RunSteps does for others.
  void StartClock();

  // Of the running epoch, until now; state().seconds is that, too, from then on.
  double Seconds();

  // What is known of the running epoch, and at its end what is known only then: its seconds and the
  // peak memory.
  EpochReport Report(double learning_rate) const;
  void Finish(EpochReport* report);

 private:
  double SecondsLeft() const;
  bool IsEvaluated() const { return evaluated_ == state_.epoch; }
  double WaitingShare() const;
  double StepCost(int epoch) const {
    return options_.step_cost == nullptr ? 1 : options_.step_cost(epoch);
  }

  const Options options_;
  Loader loader_;
  int64_t steps_per_epoch_;
  LoopState state_;
  int64_t images_passed_over_ = 0;  // as EpochReport's
  double begin_ = 0;                // of the epoch, as if it had not been interrupted
  double start_ = 0;                // as it was
  double waiting_before_ = 0;       // seconds
  int64_t bytes_before_ = 0;
  Pace pace_;                      // of steps of cost 1
  int64_t evaluated_ = 0;          // the last epoch that is, or is being, evaluated
  double evaluation_seconds_ = 0;  // of the last evaluation; 0: there was none yet
};

// What a process loads of the same batches: its part of every one, for NextBatch, or whole ones,
// for Evaluate.
LoaderOptions ShareOf(const ProcessGroup& processes, LoaderOptions loading, bool whole_batches);

// The next batch of which every process has at least so many images, with what of it this process
// has; false at the end of the epoch. `passed_over`, if not null, counts the images of the batches
// that are passed over. Collective.
bool NextBatch(Loader* loader, ProcessGroup* processes, int64_t least_images, Batch* batch,
               int64_t* passed_over = nullptr);

// What is to be said where an epoch has no such batch. `images`: what they are called.
absl::Status NoImages(const std::string& images, int64_t least_images);

// FailedPrecondition if the loss is not finite; `advice`: what the user can do.
absl::Status CheckFinite(double loss, const std::string& what, const EpochLoop& loop,
                         const std::string& advice);

}  // namespace nap

#endif  // NAP_TRAINING_EPOCH_LOOP_H_
