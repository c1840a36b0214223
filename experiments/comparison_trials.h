// Runs what a comparison of methods consists of.
#ifndef EXPERIMENTS_COMPARISON_TRIALS_H_
#define EXPERIMENTS_COMPARISON_TRIALS_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/comparison_child.h"
#include "nap/report/compared_run.h"
#include "nap/report/nas_bench_201_table.h"

namespace nap {

struct Programs {
  ChildProgram search;
  ChildProgram train;
  const NasBench201Table* table = nullptr;  // where accuracies are looked up; null: train
};

// A search with one method and one seed, and the training of what it finds unless that is looked
// up.
struct Trial {
  std::string method;
  uint64_t seed;
  std::string folder;
  std::string search;  // folder of the run, in `folder`
  std::string train;

  // The children's command lines, but for --out_dir.
  std::vector<std::string> search_flags;
  std::vector<std::string> train_flags;
};

// Without command lines.
Trial MakeTrial(const std::string& method, uint64_t seed, const std::string& out_dir);

// Asks the children about their flags before anything is run, so that a wrong one costs no search.
// InvalidArgument if a child does not take them, FailedPrecondition if a run that is there already
// was started with others.
absl::Status CheckTrials(const Programs& programs, const std::vector<Trial>& trials);

// Runs all trials that are not finished, one after the other, a line on stdout each step. The
// comparison's files in `out_dir` are written anew after each trial. Cancelled if the user asked to
// stop (interrupt.h).
absl::StatusOr<std::vector<ComparedRun>> RunTrials(const Programs& programs,
                                                   const std::vector<Trial>& trials,
                                                   const std::string& out_dir);

// All finished trials in `out_dir`, by method and seed, whatever made them. NotFound if there are
// none.
absl::StatusOr<std::vector<ComparedRun>> CollectRuns(const Programs& programs,
                                                     const std::string& out_dir);

}  // namespace nap

#endif  // EXPERIMENTS_COMPARISON_TRIALS_H_
