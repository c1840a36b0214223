#include "experiments/comparison_trials.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "experiments/comparison_estimate.h"
#include "nap/base/file_lock.h"
#include "nap/base/interrupt.h"
#include "nap/base/parameters.h"
#include "nap/base/status_macros.h"
#include "nap/report/comparison.h"
#include "nap/report/duration.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

// A part of a trial that a child does.
struct Step {
  const char* kind;
  bool is_search;
  const ChildProgram& program;
  const std::vector<std::string>& flags;
  const std::string& folder;
};

std::vector<Step> StepsOf(const Trial& trial, const Programs& programs) {
  std::vector<Step> steps = {{"search", true, programs.search, trial.search_flags, trial.search}};
  if (programs.table == nullptr) {
    steps.push_back({"training", false, programs.train, trial.train_flags, trial.train});
  }
  return steps;
}

bool IsFinished(const Step& step) { return RunFolder::IsFinished(step.folder, step.program.kind); }

class Worker {
 public:
  Worker(const Programs& programs, const std::vector<Trial>& trials, const AgreedFlags& flags,
         std::string command, ComparisonFolder* folder)
      : programs_(programs),
        trials_(trials),
        flags_(flags),
        command_(std::move(command)),
        folder_(*folder) {}

  absl::Status Run() {
    for (bool begins = true;; begins = false) {
      NAP_ASSIGN_OR_RETURN(std::optional<Claimed> next, Next());
      NAP_RETURN_IF_ERROR(ReportOthers(/*were_there=*/begins));
      if (!next.has_value()) return absl::OkStatus();
      const absl::Status status = Finish(next->trial);
      if (status.ok()) continue;
      next.reset();
      WriteAfterStop().IgnoreError();  // why it stopped is more to the point
      return status;
    }
  }

 private:
  struct Claimed {
    size_t trial;
    FileLock claim;
  };

  // What others may do as well meanwhile: with the folder's lock.
  absl::StatusOr<std::optional<Claimed>> Next() {
    NAP_ASSIGN_OR_RETURN(const FileLock lock, folder_.Lock());
    NAP_RETURN_IF_ERROR(folder_.Look());
    NAP_RETURN_IF_ERROR(folder_.CheckFlags(flags_, trials_));
    for (size_t i = 0; i < trials_.size(); ++i) {
      NAP_ASSIGN_OR_RETURN(std::optional<FileLock> claim, folder_.Claim(trials_[i], flags_));
      if (!claim.has_value()) continue;
      NAP_RETURN_IF_ERROR(Write(&trials_[i]));
      return Claimed{i, *std::move(claim)};
    }
    NAP_RETURN_IF_ERROR(Write(nullptr));
    return std::optional<Claimed>();
  }

  // The comparison's files, with the folder's lock. `own`: the trial that this worker is at.
  absl::Status Write(const Trial* own) {
    return WriteComparison(folder_.Finished(trials_), {folder_.Missing(trials_, own), command_},
                           folder_.path());
  }

  absl::Status WriteAfterStop() {
    NAP_ASSIGN_OR_RETURN(const FileLock lock, folder_.Lock());
    NAP_RETURN_IF_ERROR(folder_.Look());
    return Write(nullptr);
  }

  absl::Status Finish(size_t i) {
    const Trial& trial = trials_[i];
    reported_.insert(i);
    for (const Step& step : StepsOf(trial, programs_)) {
      const bool was_finished = IsFinished(step);
      if (!was_finished) {
        const std::string title = absl::StrCat(Title(i), ": ", step.kind);
        if (InterruptSignal() != 0) {
          return absl::CancelledError(absl::StrCat("stopped before ", title));
        }
        NAP_RETURN_IF_ERROR(FinishRun(step.program, step.flags, step.folder, title));
      }
      NAP_RETURN_IF_ERROR(ReportStep(i, step, was_finished));
    }
    NAP_ASSIGN_OR_RETURN(const ComparedRun run,
                         ReadComparedRun(trial.folder, trial.method, trial.seed, programs_.table));
    Print(absl::StrCat(Title(i), ": ", ResultOf(run)));
    return absl::OkStatus();
  }

  // Of those that are finished and that nothing was said of, which this worker did not do.
  absl::Status ReportOthers(bool were_there) {
    for (size_t i = 0; i < trials_.size(); ++i) {
      const ComparedRun* run = folder_.FindFinished(trials_[i]);
      if (run == nullptr || !reported_.insert(i).second) continue;
      for (const Step& step : StepsOf(trials_[i], programs_)) {
        NAP_RETURN_IF_ERROR(were_there ? ReportStep(i, step, /*was_finished=*/true)
                                       : Count(i, step).status());
      }
      Print(were_there ? absl::StrCat(Title(i), ": ", ResultOf(*run))
                       : absl::StrCat(Title(i), ": done by ", folder_.WorkerOf(trials_[i]), ": ",
                                      ResultOf(*run), Left()));
    }
    return absl::OkStatus();
  }

  absl::Status ReportStep(size_t i, const Step& step, bool was_finished) {
    NAP_ASSIGN_OR_RETURN(const double seconds, Count(i, step));
    Print(absl::StrCat(Title(i), ": ", step.kind,
                       was_finished ? " was there already, done in " : " done in ",
                       FormatDuration(seconds), Left()));
    return absl::OkStatus();
  }

  // How long it took, which goes into the estimate.
  absl::StatusOr<double> Count(size_t i, const Step& step) {
    NAP_ASSIGN_OR_RETURN(const double seconds, SecondsOfRun(step.folder));
    estimate_.Add(TimedStepOf(step, trials_[i].method), seconds);
    return seconds;
  }

  // ComparisonEstimate's, with those who are at work.
  std::string Left() const {
    std::vector<TimedStep> left;
    for (const Trial& trial : trials_) {
      for (const Step& step : StepsOf(trial, programs_)) {
        if (!IsFinished(step)) left.push_back(TimedStepOf(step, trial.method));
      }
    }
    return estimate_.Left(left, 1 + folder_.AtWork().size());
  }

  // All trainings are alike, and so are searches that go through as many steps of the same parts.
  TimedStep TimedStepOf(const Step& step, const std::string& method) const {
    if (!step.is_search) return {"trainings", method, "training"};
    std::string alike = "search";
    for (const char* flag :
         {"epochs", "steps_per_epoch", "optimization", "relaxation", "criterion"}) {
      absl::StrAppend(&alike, " ", SplitName(flags_.search.at(method).at(flag).value).name);
    }
    return {absl::StrCat("searches with ", method), method, alike};
  }

  static std::string ResultOf(const ComparedRun& run) {
    return absl::StrFormat("test accuracy %.2f %%%s, %d skip-connections", 100 * run.test_accuracy,
                           run.rank.has_value() ? absl::StrCat(", rank ", *run.rank) : "",
                           run.skip_connections);
  }

  static void Print(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  // "[2/6] darts, seed 0"
  std::string Title(size_t i) const {
    return absl::StrCat("[", i + 1, "/", trials_.size(), "] ", TitleOf(trials_[i]));
  }

  const Programs& programs_;
  const std::vector<Trial>& trials_;
  const AgreedFlags& flags_;
  const std::string command_;
  ComparisonFolder& folder_;
  std::set<size_t> reported_;  // of trials_
  ComparisonEstimate estimate_;
};

// InvalidArgument if the table is of another space than that which these flags search.
absl::Status CheckSpace(const std::string& method, const RunFlags& flags,
                        const AccuracyTable& table) {
  NAP_ASSIGN_OR_RETURN(const auto space, MakeSearchSpace(flags.at("search_space").value));
  const std::string& judged = table.search_space().name();
  if (space->name() == judged) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--nas_bench_201_table is of ", judged, ", but ",
                                                 method, " searches ", space->name(),
                                                 "; give --search_space=", judged));
}

}  // namespace

absl::StatusOr<AgreedFlags> AskForAgreedFlags(const Programs& programs,
                                              const std::vector<Trial>& trials) {
  AgreedFlags agreed;
  if (programs.table == nullptr) {
    NAP_ASSIGN_OR_RETURN(agreed.train, AskForFlags(programs.train, trials.front().train_flags));
    // ReadComparedRun compares the genotypes themselves: the folder may have been moved.
    for (const char* flag : {"genotype", "seed", "threads"}) agreed.train.erase(flag);
  }
  for (const Trial& trial : trials) {
    if (agreed.search.count(trial.method) != 0) continue;
    NAP_ASSIGN_OR_RETURN(RunFlags flags, AskForFlags(programs.search, trial.search_flags));
    if (programs.table != nullptr) {
      NAP_RETURN_IF_ERROR(CheckSpace(trial.method, flags, *programs.table));
    }
    // What --method means is in the other flags.
    for (const char* flag : {"method", "seed", "threads"}) flags.erase(flag);
    agreed.search[trial.method] = std::move(flags);
  }
  return agreed;
}

bool AreFinished(const std::vector<Trial>& trials, const Programs& programs) {
  for (const Trial& trial : trials) {
    for (const Step& step : StepsOf(trial, programs)) {
      if (!IsFinished(step)) return false;
    }
  }
  return true;
}

absl::Status RunTrials(const Programs& programs, const std::vector<Trial>& trials,
                       const AgreedFlags& flags, const std::string& command,
                       ComparisonFolder* folder) {
  return Worker(programs, trials, flags, command, folder).Run();
}

}  // namespace nap
