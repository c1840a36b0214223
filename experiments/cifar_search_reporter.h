// Writes down how a search goes, and what it needs to go on when it is stopped.
#ifndef EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_
#define EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_

#include <string>

#include "nap/report/progress.h"
#include "nap/report/run_folder.h"
#include "nap/search/searcher.h"
#include "nap/training/checkpoint.h"

namespace nap {

// Writes a checkpoint after each epoch, after a step when that is long ago, and when the user asks
// to stop: then the search ends with Cancelled, whose message says where.
class Reporter final : public SearchObserver {
 public:
  struct Options {
    int log_every;              // steps between two lines of metrics.jsonl
    double checkpoint_minutes;  // between two checkpoints, at least
    int threads;                // that compute: kept, since they may decide about the bits
  };

  Reporter(const Searcher* searcher, RunFolder* folder, const Options& options);

  absl::Status OnStep(const StepReport& report) override;
  absl::Status OnEpoch(const EpochReport& report) override;

  // Before the first report, if the search goes on from the checkpoint.
  absl::Status Load(const Checkpoint& checkpoint);

  // Of the last epoch, on the validation part.
  double accuracy() const { return accuracy_; }

  // What Options::threads was.
  static absl::StatusOr<int> Threads(const Checkpoint& checkpoint);

 private:
  absl::Status Save(const std::string& where);

  const Searcher* const searcher_;
  RunFolder* const folder_;
  const Options options_;
  Progress progress_;
  double accuracy_ = 0;
  double last_save_;  // seconds
};

}  // namespace nap

#endif  // EXPERIMENTS_CIFAR_SEARCH_REPORTER_H_
