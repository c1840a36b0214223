// The folder of a comparison of methods, in which several workers may be at work: processes that
// share its trials among them, on one machine or on several.
#ifndef EXPERIMENTS_COMPARISON_FOLDER_H_
#define EXPERIMENTS_COMPARISON_FOLDER_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/comparison_child.h"
#include "nap/base/file_lock.h"
#include "nap/report/accuracy_table.h"
#include "nap/report/compared_run.h"
#include "nap/report/comparison.h"

namespace nap {

struct Programs {
  ChildProgram search;
  ChildProgram train;
  const AccuracyTable* table = nullptr;  // where accuracies are looked up; null: train
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

// "darts, seed 0"
std::string TitleOf(const Trial& trial);

// What the results of a comparison's runs depend on, but for the seed: what its workers agree in.
struct AgreedFlags {
  std::map<std::string, RunFlags> search;  // by method
  RunFlags train;                          // none if accuracies are looked up
};

// Trials are handed out by claims. A claim is a lock on a file in the trial's folder, so that no
// second worker gets it and a worker that dies, or whose machine does, loses it; the children hold
// it too: what one of them still has to save, it saves undisturbed.
class ComparisonFolder {
 public:
  ComparisonFolder(const Programs* programs, std::string path)
      : programs_(*programs), path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Keeps all others from claiming trials and from writing tables. Held for moments only: whoever
  // comes meanwhile waits.
  absl::StatusOr<FileLock> Lock() const;

  // Finds out what is there, which is what the others speak of; with the lock, since others go on
  // meanwhile. An error of ReadComparedRun if something finished is not what its name says.
  absl::Status Look();

  // FailedPrecondition, naming each difference, unless all that was begun there has these flags,
  // and so have those who are at work; `trials` are looked at first.
  absl::Status CheckFlags(const AgreedFlags& flags, const std::vector<Trial>& trials) const;

  // Null if it is not finished.
  const ComparedRun* FindFinished(const Trial& trial) const;

  // Whoever made them: those of `trials` in that order, then the others by method and seed.
  std::vector<ComparedRun> Finished(const std::vector<Trial>& trials) const;

  // "process 12 on node3", who claimed it last; "another process" if nobody is known.
  std::string WorkerOf(const Trial& trial) const;

  // A line for each trial that somebody is at, the caller not included.
  std::vector<std::string> AtWork() const;

  // What is not finished: of `trials`, in that order, and of what has been begun there besides. As
  // others were at it when Look() was called; `own`: the trial that this process is at, or null.
  std::vector<MissingRun> Missing(const std::vector<Trial>& trials, const Trial* own) const;

  // For this process and its children. None if it is finished or somebody was at it when Look()
  // was called.
  absl::StatusOr<std::optional<FileLock>> Claim(const Trial& trial, const AgreedFlags& flags) const;

 private:
  struct State {
    Trial trial;  // without command lines
    bool is_claimed;
    std::optional<ComparedRun> finished;
  };
  using Name = std::pair<std::string, uint64_t>;  // method and seed

  // Those of `trials` that are there, in that order, then the others.
  std::vector<const State*> InOrder(const std::vector<Trial>& trials) const;

  // " (process 12 on node3, since 2026-11-27 07:32:11)", who claimed it last; "" if nobody is
  // known.
  static std::string ClaimantOf(const Trial& trial);

  bool IsFinished(const Trial& trial) const;
  absl::StatusOr<State> StateOf(const Name& name) const;

  const Programs& programs_;
  const std::string path_;
  std::map<Name, State> states_;
};

}  // namespace nap

#endif  // EXPERIMENTS_COMPARISON_FOLDER_H_
