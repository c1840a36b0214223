#include "experiments/comparison_trials.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "nap/base/interrupt.h"
#include "nap/base/statistics.h"
#include "nap/base/status_macros.h"
#include "nap/report/comparison.h"
#include "nap/report/duration.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

constexpr char kSearch[] = "search";
constexpr char kTraining[] = "training";

struct Step {
  std::string kind;  // kSearch or kTraining
  std::string method;
};

// How long what is still to be done will take, by what has been done.
class Estimate {
 public:
  void Add(const Step& step, double seconds) {
    seconds_[{step.kind, step.method}].push_back(seconds);
    seconds_[{step.kind, ""}].push_back(seconds);
  }

  // "; about 5 min 00 s left", or nothing if nothing like that has been done.
  std::string Left(const std::vector<Step>& steps) const {
    double left = 0;
    for (const Step& step : steps) {
      auto found = seconds_.find({step.kind, step.method});
      if (found == seconds_.end()) found = seconds_.find({step.kind, ""});
      if (found == seconds_.end()) return "";
      left += StatisticsOf(found->second).mean;
    }
    return steps.empty() ? "" : absl::StrCat("; about ", FormatDuration(left), " left");
  }

 private:
  std::map<std::pair<std::string, std::string>, std::vector<double>> seconds_;
};

class Runner {
 public:
  Runner(const Programs& programs, const std::vector<Trial>& trials)
      : programs_(programs), trials_(trials) {
    for (const Trial& trial : trials) {
      to_do_.push_back({kSearch, trial.method});
      if (programs.table == nullptr) to_do_.push_back({kTraining, trial.method});
    }
  }

  absl::StatusOr<ComparedRun> Run(const Trial& trial) {
    ++count_;
    NAP_RETURN_IF_ERROR(Finish(programs_.search, trial.search_flags, trial, trial.search));
    if (programs_.table == nullptr) {
      NAP_RETURN_IF_ERROR(Finish(programs_.train, trial.train_flags, trial, trial.train));
    }
    NAP_ASSIGN_OR_RETURN(const ComparedRun run,
                         ReadComparedRun(trial.folder, trial.method, trial.seed, programs_.table));
    Print(absl::StrFormat(
        "%s: test accuracy %.2f %%%s, %d skip-connections", Title(trial), 100 * run.test_accuracy,
        run.rank.has_value() ? absl::StrCat(", rank ", *run.rank) : "", run.skip_connections));
    return run;
  }

 private:
  static void Print(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  // "[2/6] darts, seed 0"
  std::string Title(const Trial& trial) const {
    return absl::StrCat("[", count_, "/", trials_.size(), "] ", trial.method, ", seed ",
                        trial.seed);
  }

  absl::Status Finish(const ChildProgram& program, const std::vector<std::string>& flags,
                      const Trial& trial, const std::string& folder) {
    const Step step = to_do_.front();
    const std::string title = absl::StrCat(Title(trial), ": ", step.kind);
    const bool was_finished = RunFolder::IsFinished(folder, program.kind);
    if (!was_finished) {
      if (InterruptSignal() != 0) {
        return absl::CancelledError(absl::StrCat("stopped before ", title));
      }
      NAP_RETURN_IF_ERROR(FinishRun(program, flags, folder, title));
    }
    NAP_ASSIGN_OR_RETURN(const double seconds, SecondsOfRun(folder));
    estimate_.Add(step, seconds);
    to_do_.erase(to_do_.begin());
    Print(absl::StrCat(title, was_finished ? " was there already, done in " : " done in ",
                       FormatDuration(seconds), estimate_.Left(to_do_)));
    return absl::OkStatus();
  }

  const Programs& programs_;
  const std::vector<Trial>& trials_;
  size_t count_ = 0;  // trials begun
  std::vector<Step> to_do_;
  Estimate estimate_;
};

// "<method>-<seed>"; false for any other name.
bool ParseName(const std::string& name, std::string* method, uint64_t* seed) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0) return false;
  *method = name.substr(0, dash);
  return absl::SimpleAtoi(name.substr(dash + 1), seed) && name == ComparedRunName(*method, *seed);
}

}  // namespace

Trial MakeTrial(const std::string& method, uint64_t seed, const std::string& out_dir) {
  Trial trial{method, seed, absl::StrCat(out_dir, "/", ComparedRunName(method, seed)), "", "",
              {},     {}};
  trial.search = absl::StrCat(trial.folder, "/", kSearchFolder);
  trial.train = absl::StrCat(trial.folder, "/", kTrainFolder);
  return trial;
}

absl::Status CheckTrials(const Programs& programs, const std::vector<Trial>& trials) {
  std::map<std::string, RunFlags> by_method;
  const bool trains = programs.table == nullptr;
  RunFlags train;
  if (trains) {
    NAP_ASSIGN_OR_RETURN(train, AskForFlags(programs.train, trials.front().train_flags));
  }
  // ReadComparedRun compares the genotypes themselves: the folder may have been moved.
  train.erase("genotype");
  for (const Trial& trial : trials) {
    if (by_method.count(trial.method) == 0) {
      NAP_ASSIGN_OR_RETURN(RunFlags flags, AskForFlags(programs.search, trial.search_flags));
      flags.erase("method");  // what it means is in the other flags
      if (!trains) {
        NAP_ASSIGN_OR_RETURN(const auto space, MakeSearchSpace(flags["search_space"].value));
        const std::string& judged = programs.table->search_space().name();
        if (space->name() != judged) {
          return absl::InvalidArgumentError(
              absl::StrCat("--nas_bench_201_table is of ", judged, ", but ", trial.method,
                           " searches ", space->name(), "; give --search_space=", judged));
        }
      }
      by_method[trial.method] = flags;
    }
    RunFlags& search = by_method[trial.method];
    search["seed"].value = train["seed"].value = absl::StrCat(trial.seed);
    if (HoldsRun(trial.search)) {
      NAP_RETURN_IF_ERROR(CheckFlags(trial.search, programs.search, search));
    }
    if (trains && HoldsRun(trial.train)) {
      NAP_RETURN_IF_ERROR(CheckFlags(trial.train, programs.train, train));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ComparedRun>> RunTrials(const Programs& programs,
                                                   const std::vector<Trial>& trials,
                                                   const std::string& out_dir) {
  Runner runner(programs, trials);
  std::vector<ComparedRun> runs;
  for (const Trial& trial : trials) {
    NAP_ASSIGN_OR_RETURN(ComparedRun run, runner.Run(trial));
    runs.push_back(std::move(run));
    NAP_RETURN_IF_ERROR(WriteComparison(runs, out_dir));
  }
  return runs;
}

absl::StatusOr<std::vector<ComparedRun>> CollectRuns(const Programs& programs,
                                                     const std::string& out_dir) {
  std::set<std::pair<std::string, uint64_t>> found;
  std::error_code ignored;  // a folder that cannot be read has no runs
  for (const auto& entry : std::filesystem::directory_iterator(out_dir, ignored)) {
    std::pair<std::string, uint64_t> name;
    if (!ParseName(entry.path().filename().string(), &name.first, &name.second)) continue;
    const Trial trial = MakeTrial(name.first, name.second, out_dir);
    if (RunFolder::IsFinished(trial.search, programs.search.kind) &&
        (programs.table != nullptr || RunFolder::IsFinished(trial.train, programs.train.kind))) {
      found.insert(name);
    }
  }
  if (found.empty()) {
    const std::string file = programs.table != nullptr
                                 ? absl::StrCat(kSearchFolder, "/", programs.search.kind.result)
                                 : absl::StrCat(kTrainFolder, "/", programs.train.kind.result);
    return absl::NotFoundError(
        absl::StrCat("no finished run in ", out_dir, ": no METHOD-SEED/", file));
  }
  std::vector<ComparedRun> runs;
  for (const auto& [method, seed] : found) {
    const std::string folder = MakeTrial(method, seed, out_dir).folder;
    NAP_ASSIGN_OR_RETURN(ComparedRun run, ReadComparedRun(folder, method, seed, programs.table));
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace nap
