#include "nap/training/epoch_loop.h"

#include <absl/strings/str_cat.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/base/status_macros.h"
#include "nap/runtime/memory.h"
#include "nap/runtime/process_group.h"

namespace nap {
namespace {

constexpr char kTrain[] = "train";

template <typename State, typename Checkpoint, typename Visit>
void ForEach(State& state, Checkpoint& checkpoint, const Visit& visit) {
  visit(checkpoint.integers, "epoch", state.epoch);
  visit(checkpoint.integers, "step", state.step);
  visit(checkpoint.integers, "broken_images", state.broken_images);
  visit(checkpoint.numbers, "seconds", state.seconds);
}

}  // namespace

void LoopState::NextEpoch() {
  const int64_t next = epoch + 1;
  *this = {};
  epoch = next;
}

void LoopState::Save(Checkpoint* checkpoint) const {
  ForEach(*this, *checkpoint,
          [](auto& map, const char* name, const auto& value) { map[name] = value; });
  train.Save(kTrain, checkpoint);
}

absl::Status LoopState::Load(const Checkpoint& checkpoint) {
  absl::Status status;
  ForEach(*this, checkpoint, [&](const auto& map, const char* name, auto& value) {
    status.Update(Get(map, name, &value));
  });
  NAP_RETURN_IF_ERROR(status);
  if (epoch < 0 || step < 0 || broken_images < 0) {
    return absl::FailedPreconditionError("the checkpoint does not fit: it counts below zero");
  }
  return train.Load(checkpoint, kTrain);
}

EpochLoop::EpochLoop(Options options, const Dataset* images, std::vector<int64_t> indices,
                     const LoaderOptions& loading)
    : options_(std::move(options)),
      loader_(images, std::move(indices), loading),
      steps_per_epoch_(loader_.batches_per_epoch()) {
  if (options_.steps_per_epoch > 0) {
    steps_per_epoch_ = std::min(steps_per_epoch_, options_.steps_per_epoch);
  }
}

absl::Status EpochLoop::RunSteps(
    const std::function<absl::StatusOr<StepResult>(const Batch&)>& step,
    const std::function<absl::Status(const StepReport&)>& observe) {
  StartClock();
  ProcessGroup& processes = *options_.processes;
  int64_t broken_before = 0;  // of this process
  images_passed_over_ = 0;
  loader_.StartEpoch(state_.epoch - 1, state_.step);
  // A batch of too few images is passed over: a step is missing then.
  Batch batch;
  while (state_.step < steps_per_epoch_ &&
         NextBatch(&loader_, &processes, options_.least_images, &batch, &images_passed_over_)) {
    const double step_begin = MonotonicSeconds();
    NAP_ASSIGN_OR_RETURN(const StepResult result, step(batch));
    ClassificationMeter meter;
    meter.Add(result, batch.labels);
    meter.Sum(&processes);
    state_.train.Add(meter);
    state_.step = loader_.next_batch();
    pace_.Add((MonotonicSeconds() - step_begin) / StepCost(epoch()));
    std::vector<double> counts = {static_cast<double>(loader_.broken_images() - broken_before),
                                  InterruptSignal() == 0 ? 0.0 : 1.0};
    processes.Sum(&counts);
    state_.broken_images += static_cast<int64_t>(counts[0]);
    broken_before = loader_.broken_images();
    // Whichever process was asked to stop, rank 0 saves.
    if (counts[1] > 0) NoteInterrupt(SIGTERM);
    StepReport report;
    report.epoch = epoch();
    report.epochs = options_.epochs;
    report.step = state_.step;
    report.steps_per_epoch = steps_per_epoch_;
    report.train_loss = state_.train.loss();
    report.train_accuracy = state_.train.accuracy();
    report.images_per_second = static_cast<double>(state_.train.images()) / Seconds();
    report.seconds_left = SecondsLeft();
    report.waiting_share = WaitingShare();
    NAP_RETURN_IF_ERROR(processes.Agree(observe(report)));
  }
  // Of batches that were passed over at the end.
  state_.broken_images += static_cast<int64_t>(
      processes.Sum(static_cast<double>(loader_.broken_images() - broken_before)));
  state_.step = steps_per_epoch_;
  return state_.train.images() > 0 ? absl::OkStatus()
                                   : NoImages(options_.images, options_.least_images);
}

absl::StatusOr<ClassificationMeter> EpochLoop::Evaluate(
    Loader* loader, const std::string& images, PhaseObserver* observer,
    const std::function<StepResult(const Batch& batch)>& evaluate) {
  ProcessGroup& processes = *options_.processes;
  evaluated_ = state_.epoch;
  Phase phase = NewPhase(absl::StrCat("evaluating the ", images), evaluation_seconds_, observer);
  std::vector<double> own;  // a number and a meter a batch
  loader->StartEpoch(0);
  Batch batch;
  while (!phase.Stops() && loader->Next(&batch)) {
    ClassificationMeter meter;
    meter.Add(evaluate(batch), batch.labels);
    own.push_back(static_cast<double>(loader->next_batch()));
    const std::vector<double> numbers = meter.ToNumbers();
    own.insert(own.end(), numbers.begin(), numbers.end());
    phase.SetDone(loader->next_batch(), loader->batches_per_epoch());
  }
  if (phase.IsBrokenOff()) return phase.End();
  // In the order of the batches, whoever had them.
  std::map<double, ClassificationMeter> meters;
  const std::vector<std::vector<double>> all = processes.Gather(own);
  for (size_t process = 0; process < all.size(); ++process) {
    for (size_t i = 0; i < all[process].size(); i += 1 + ClassificationMeter::kNumbers) {
      const double* const found = &all[process][i];
      meters[*found * static_cast<double>(all.size()) + static_cast<double>(process)] =
          ClassificationMeter::FromNumbers(found + 1);
    }
  }
  ClassificationMeter total;
  for (const auto& [number, meter] : meters) total.Add(meter);
  if (total.images() == 0) return NoImages(images, /*least_images=*/1);
  state_.broken_images +=
      static_cast<int64_t>(processes.Sum(static_cast<double>(loader->broken_images())));
  evaluation_seconds_ = phase.seconds();
  return total;
}

Phase EpochLoop::NewPhase(std::string what, double expected, PhaseObserver* observer) const {
  return Phase({std::move(what), epoch(), options_.epochs}, expected, options_.processes, observer,
               [this] { return SecondsLeft(); });
}

void EpochLoop::StartClock() {
  begin_ = MonotonicSeconds() - state_.seconds;
  start_ = MonotonicSeconds();
  waiting_before_ = options_.processes->seconds_waiting();
  bytes_before_ = options_.processes->bytes_sent();
}

double EpochLoop::WaitingShare() const {
  const double waiting = options_.processes->seconds_waiting() - waiting_before_;
  return waiting / std::max(1e-9, MonotonicSeconds() - start_);
}

double EpochLoop::Seconds() {
  state_.seconds = MonotonicSeconds() - begin_;
  return state_.seconds;
}

double EpochLoop::SecondsLeft() const {
  const int now = epoch();
  double costs = 0;
  if (now > 0) costs = static_cast<double>(steps_per_epoch_ - state_.step) * StepCost(now);
  for (int later = now + 1; later <= options_.epochs; ++later) {
    costs += static_cast<double>(steps_per_epoch_) * StepCost(later);
  }
  // There is none of epoch 0.
  const int evaluations = options_.epochs - now + (now > 0 && !IsEvaluated() ? 1 : 0);
  const double beside =
      options_.seconds_left_beside == nullptr ? 0 : options_.seconds_left_beside();
  return costs * pace_.seconds() + evaluations * evaluation_seconds_ + beside;
}

EpochReport EpochLoop::Report(double learning_rate) const {
  EpochReport report;
  report.epoch = epoch();
  report.epochs = options_.epochs;
  report.learning_rate = learning_rate;
  report.train_loss = state_.train.loss();
  report.train_accuracy = state_.train.accuracy();
  report.broken_images = state_.broken_images;
  report.images_passed_over = images_passed_over_;
  return report;
}

void EpochLoop::Finish(EpochReport* report) {
  report->seconds = Seconds();
  report->peak_memory_bytes = PeakMemoryBytes();
  report->peak_gpu_memory_bytes = PeakGpuMemoryBytes();
  report->processes = options_.processes->size();
  report->waiting_share = WaitingShare();
  report->bytes_sent = options_.processes->bytes_sent() - bytes_before_;
}

LoaderOptions ShareOf(const ProcessGroup& processes, LoaderOptions loading, bool whole_batches) {
  loading.process = processes.rank();
  loading.processes = processes.size();
  loading.whole_batches = whole_batches;
  return loading;
}

absl::Status NoImages(const std::string& images, int64_t least_images) {
  return absl::DataLossError(
      absl::StrCat("no batch of the ", images, " has ",
                   least_images > 1 ? absl::StrCat(least_images, " images") : "an image",
                   " that can be read; mend or remove what is broken"));
}

bool NextBatch(Loader* loader, ProcessGroup* processes, int64_t least_images, Batch* batch,
               int64_t* passed_over) {
  while (loader->Next(batch)) {
    std::vector<double> images(processes->size(), 0.0);
    images[processes->rank()] = static_cast<double>(batch->NumImages());
    processes->Sum(&images);
    const double least = *std::min_element(images.begin(), images.end());
    if (least < static_cast<double>(least_images)) {
      const double all = std::accumulate(images.begin(), images.end(), 0.0);
      if (passed_over != nullptr) *passed_over += static_cast<int64_t>(all);
      continue;
    }
    const auto own = images.begin() + processes->rank();
    batch->first_image = static_cast<int64_t>(std::accumulate(images.begin(), own, 0.0));
    batch->all_images =
        static_cast<int64_t>(std::accumulate(own, images.end(), 0.0)) + batch->first_image;
    return true;
  }
  return false;
}

absl::Status CheckFinite(double loss, const std::string& what, const EpochLoop& loop,
                         const std::string& advice) {
  if (std::isfinite(loss)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the ", what, " became ", loss, " in epoch ",
                                                    loop.epoch(), ", step ", loop.step(), ": ",
                                                    advice));
}

}  // namespace nap
