#include "experiments/cifar_search_reporter.h"

#include <absl/strings/str_cat.h>

#include <cstdio>
#include <utility>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Names in a checkpoint.
constexpr char kAccuracy[] = "valid_accuracy";
constexpr char kThreads[] = "threads";

}  // namespace

Reporter::Reporter(const Searcher* searcher, RunFolder* folder, const Options& options)
    : searcher_(searcher),
      folder_(folder),
      options_(options),
      progress_(stderr),
      last_save_(MonotonicSeconds()) {}

absl::Status Reporter::OnStep(const StepReport& report) {
  progress_.Step(report);
  if (report.step % options_.log_every == 0) NAP_RETURN_IF_ERROR(folder_->WriteStep(report));
  const bool due = MonotonicSeconds() - last_save_ >= 60 * options_.checkpoint_minutes;
  if (!due && InterruptSignal() == 0) return absl::OkStatus();
  return Save(absl::StrCat("step ", report.step, " of epoch ", report.epoch));
}

absl::Status Reporter::OnEpoch(const EpochReport& report) {
  progress_.Epoch(report, searcher_->space());
  accuracy_ = report.valid_accuracy;
  NAP_RETURN_IF_ERROR(folder_->WriteEpoch(report, searcher_->space()));
  return Save(absl::StrCat("epoch ", report.epoch));
}

absl::Status Reporter::Load(const Checkpoint& checkpoint) {
  return Get(checkpoint.numbers, kAccuracy, &accuracy_);
}

absl::StatusOr<int> Reporter::Threads(const Checkpoint& checkpoint) {
  int64_t threads = 0;
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, kThreads, &threads));
  return static_cast<int>(threads);
}

absl::Status Reporter::Save(const std::string& where) {
  Checkpoint checkpoint = searcher_->Save();
  checkpoint.numbers[kAccuracy] = accuracy_;
  checkpoint.integers[kThreads] = options_.threads;
  NAP_RETURN_IF_ERROR(folder_->WriteCheckpoint(std::move(checkpoint)));
  last_save_ = MonotonicSeconds();
  if (InterruptSignal() == 0) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("stopped after ", where, ", which is saved"));
}

}  // namespace nap
