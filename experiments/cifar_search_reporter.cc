#include "experiments/cifar_search_reporter.h"

#include <cstdio>
#include <limits>

#include "nap/base/clock.h"
#include "nap/base/status_macros.h"
#include "nap/report/search_record.h"

namespace nap {
namespace {

constexpr char kAccuracy[] = "last_valid_accuracy";  // in a checkpoint
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Reporter::Reporter(const Searcher* searcher, RunFolder* folder, int log_every,
                   const Checkpointer::Options& checkpoints, const AccuracyTable* table)
    : searcher_(searcher),
      folder_(folder),
      log_every_(log_every),
      table_(table),
      checkpointer_(folder, checkpoints,
                    [this] {
                      Checkpoint checkpoint = searcher_->Save();
                      checkpoint.numbers[kAccuracy] = accuracy_;
                      return checkpoint;
                    }),
      progress_(stderr),
      page_(folder->path()),
      accuracy_(kNone),
      begin_(MonotonicSeconds()),
      seconds_to_cell_(kNone) {}

absl::Status Reporter::OnStep(const SearchStepReport& report) {
  progress_.Step(report);
  if (report.step % log_every_ == 0) NAP_RETURN_IF_ERROR(WriteStep(report, folder_));
  return checkpointer_.AfterStep(report.epoch, report.step);
}

absl::Status Reporter::OnPruning(const PruningReport& report) {
  progress_.Pruning(report, searcher_->space());
  seconds_to_cell_ = MonotonicSeconds() - begin_;
  return checkpointer_.AfterPruning(report.epoch, report.operations_alive);
}

absl::Status Reporter::OnEpoch(const SearchEpochReport& report) {
  progress_.Epoch(report, searcher_->search_space(), searcher_->space(), table_);
  accuracy_ = report.valid_accuracy;
  NAP_RETURN_IF_ERROR(
      WriteEpoch(report, searcher_->search_space(), searcher_->space(), folder_, table_));
  page_.Update();
  return checkpointer_.AfterEpoch(report.epoch);
}

absl::Status Reporter::Load(const Checkpoint& checkpoint) {
  return Get(checkpoint.numbers, kAccuracy, &accuracy_);
}

}  // namespace nap
