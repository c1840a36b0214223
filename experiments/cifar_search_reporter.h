// Shows and writes down how a search goes, and what it needs to go on when it is stopped.
#ifndef EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_
#define EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_

#include "nap/report/accuracy_table.h"
#include "nap/report/checkpointer.h"
#include "nap/report/page/run_report.h"
#include "nap/report/progress.h"
#include "nap/report/run_folder.h"
#include "nap/search/searcher.h"
#include "nap/training/checkpoint.h"

namespace nap {

class Reporter final : public SearchObserver {
 public:
  // log_every: steps between two lines of metrics.jsonl. table: as in WriteEpoch
  // (search_record.h).
  Reporter(const Searcher* searcher, RunFolder* folder, int log_every,
           const Checkpointer::Options& checkpoints, const AccuracyTable* table);

  absl::Status OnStep(const SearchStepReport& report) override;
  void OnPhase(const PhaseReport& report) override { progress_.Phase(report); }
  absl::Status OnStop(const PhaseReport& report) override {
    return checkpointer_.WithinPhase(report);
  }
  absl::Status OnPartsKept(const PhaseReport& report) override {
    return checkpointer_.AfterParts(report);
  }
  absl::Status OnPruning(const PruningReport& report) override;
  absl::Status OnEpoch(const SearchEpochReport& report) override;

  // Before the first report, if the search goes on from the checkpoint.
  absl::Status Load(const Checkpoint& checkpoint);

  // Makes report.html once more, when the genotype is written.
  void Finish() { page_.Update(); }

  // From when this was made until the last removal; not a number if there was none since then.
  double seconds_to_cell() const { return seconds_to_cell_; }

  // Of the last epoch, on the validation part; not a number if there was none.
  double accuracy() const { return accuracy_; }

 private:
  const Searcher* const searcher_;
  RunFolder* const folder_;
  const int log_every_;
  const AccuracyTable* const table_;
  Checkpointer checkpointer_;
  Progress progress_;
  RunReport page_;
  double accuracy_;
  const double begin_;
  double seconds_to_cell_;
};

}  // namespace nap

#endif  // EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_
