#include "nap/report/page/run_summary.h"

#include <absl/strings/str_cat.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "nap/base/file_lock.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/export/model_description.h"
#include "nap/report/page/run_files.h"
#include "nap/report/run_schema.h"
#include "nap/training/checkpoint.h"
#include "nap/training/trained_network.h"

namespace nap {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// A comparison's runs are three levels below the folder of all.
constexpr int kMostLevels = 6;

// A number beyond is no epoch's, and would fill the memory.
constexpr int kMostEpochs = 100000;

bool IsThere(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A run's table is there from its beginning. One that has lost it still has a config.json, whose
// name is other programs', too.
bool HoldsRun(const fs::path& folder) {
  if (IsThere(folder / run_file::kMetrics)) return true;
  const absl::StatusOr<std::string> content = ReadFile((folder / run_file::kConfig).string());
  if (!content.ok()) return false;
  const Json config = ParseJsonText(*content);
  return config.is_object() && config.contains(run_key::kExperiment);
}

struct Folder {
  fs::path name;  // below the one where the search begins; empty: that one
  int level;
};

// By name.
absl::StatusOr<std::vector<fs::path>> FindRuns(const fs::path& root) {
  std::vector<fs::path> runs;
  std::set<fs::path> seen;
  // Links wait until all else is found, so that a run has its own name where it can.
  std::deque<Folder> open = {{"", 0}};
  while (!open.empty()) {
    const Folder folder = open.front();
    open.pop_front();
    const fs::path path = root / folder.name;
    std::error_code error;
    if (!seen.insert(fs::canonical(path, error)).second) continue;
    fs::directory_iterator entries(path, error);
    if (error && folder.level == 0) {
      return absl::NotFoundError(absl::StrCat("cannot look into ", root.string(), ": ",
                                              error.message(),
                                              "; --runs names the folder of runs"));
    }
    // One that cannot be looked into may be a run: its summary says why.
    if (error || HoldsRun(path)) runs.push_back(folder.name);
    if (folder.level == kMostLevels) continue;
    for (; entries != fs::directory_iterator(); entries.increment(error)) {
      const fs::path name = entries->path().filename();
      std::error_code ignored;
      if (name.string().front() == '.' || !entries->is_directory(ignored)) continue;
      const Folder next = {folder.name / name, folder.level + 1};
      if (entries->is_symlink(ignored)) {
        open.push_back(next);
      } else {
        open.push_front(next);
      }
    }
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

int64_t LastWritten(const fs::path& run) {
  int64_t written = 0;
  std::error_code error;
  for (fs::directory_iterator entry(run, error), end; entry != end; entry.increment(error)) {
    struct stat file {};
    // Its page is made again by whoever likes.
    if (entry->path().filename() == run_file::kReport) continue;
    if (::stat(entry->path().c_str(), &file) != 0 || !S_ISREG(file.st_mode)) continue;
    written = std::max<int64_t>(written, file.st_mtime);
  }
  return written;
}

void AddEpochs(const RunFiles& files, RunSummary* summary) {
  const char* const key = files.is_search ? run_key::kValidAccuracy : run_key::kTestAccuracy;
  double parameters = std::numeric_limits<double>::quiet_NaN();
  for (const Json& line : files.epochs) {
    const double seconds = NumberIn(line, run_key::kSeconds);
    if (std::isfinite(seconds)) summary->seconds += seconds;
    parameters = NumberIn(line, run_key::kSupernetParameters);
    const double epoch = NumberIn(line, run_key::kEpoch);
    // A search may prune before its first epoch, which is a line of its own.
    if (!(epoch >= 1 && epoch <= kMostEpochs)) continue;
    ++summary->epochs;
    const double accuracy = NumberIn(line, key);
    summary->last_accuracy = accuracy;
    // Not a number if both are none.
    summary->best_accuracy = std::fmax(summary->best_accuracy, accuracy);
    summary->accuracies.resize(std::max(summary->accuracies.size(), static_cast<size_t>(epoch)),
                               std::numeric_limits<double>::quiet_NaN());
    summary->accuracies[static_cast<size_t>(epoch) - 1] = accuracy;
  }
  if (parameters >= 0 && parameters < 1e15) {
    summary->parameters = static_cast<int64_t>(parameters);
  }
}

absl::Status AddTrainedParameters(const std::string& run, RunSummary* summary) {
  const absl::StatusOr<Checkpoint> checkpoint = ReadNewestCheckpoint(run);
  if (absl::IsNotFound(checkpoint.status())) return absl::OkStatus();  // it has only begun
  if (!checkpoint.ok()) return checkpoint.status();
  NAP_ASSIGN_OR_RETURN(const ModelDescription description, DescriptionOf(*checkpoint));
  NAP_ASSIGN_OR_RETURN(const Cost cost, NetworkCost(description));
  summary->parameters = cost.parameters;
  return absl::OkStatus();
}

absl::Status Summarize(const std::string& run, RunSummary* summary) {
  NAP_ASSIGN_OR_RETURN(const RunFiles files, ReadRunFiles(run));
  summary->program = files.config.value(run_key::kExperiment, "");
  summary->is_search = files.is_search;
  summary->wanted_epochs = FlagIn(files.config, "epochs");
  const Json flags = files.config.value(run_key::kFlags, Json::object());
  for (const auto& [name, value] : flags.items()) {
    if (value.is_string()) summary->flags[name] = value.get<std::string>();
  }
  AddEpochs(files, summary);
  if (files.is_finished) {
    summary->state = RunSummary::State::kFinished;
  } else {
    const absl::StatusOr<bool> locked =
        FileLock::IsLocked(absl::StrCat(run, "/", run_file::kMetrics));
    summary->state = !locked.ok() ? RunSummary::State::kUnfinished
                     : *locked    ? RunSummary::State::kRunning
                                  : RunSummary::State::kInterrupted;
    NAP_RETURN_IF_ERROR(locked.status());
  }
  return files.is_search ? absl::OkStatus() : AddTrainedParameters(run, summary);
}

RunSummary SummaryOf(const fs::path& root, const fs::path& name) {
  RunSummary summary;
  summary.name = name.empty() ? "." : name.string();
  const fs::path run = name.empty() ? root : root / name;
  summary.written = LastWritten(run);
  summary.has_page = IsThere(run / run_file::kReport);
  try {
    summary.problem = std::string(Summarize(run.string(), &summary).message());
  } catch (const nlohmann::json::exception& error) {
    summary.state = RunSummary::State::kDamaged;
    summary.problem = absl::StrCat((run / run_file::kConfig).string(),
                                   " is not what a run writes: ", error.what());
  }
  return summary;
}

}  // namespace

const char* StateName(RunSummary::State state) {
  switch (state) {
    case RunSummary::State::kFinished:
      return "finished";
    case RunSummary::State::kRunning:
      return "running";
    case RunSummary::State::kInterrupted:
      return "interrupted";
    case RunSummary::State::kUnfinished:
      return "not finished";
    case RunSummary::State::kDamaged:
      return "damaged";
  }
  return "";
}

absl::StatusOr<std::vector<RunSummary>> SummarizeRuns(const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(const std::vector<fs::path> names, FindRuns(folder));
  std::vector<RunSummary> runs;
  for (const fs::path& name : names) runs.push_back(SummaryOf(folder, name));
  return runs;
}

}  // namespace nap
