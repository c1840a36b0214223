#include "experiments/comparison_folder.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/json_lines.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;
using Flags = std::map<std::string, std::string>;

// What stands in a claim's file: for people who has it, for other workers what they must agree in.
struct ClaimNote {
  std::string host;
  int64_t process = 0;
  std::string since;  // local time
  Flags search;
  Flags train;  // none if accuracies are looked up
};

std::string ClaimFile(const Trial& trial) { return trial.folder + "/claim.json"; }

Flags ValuesOf(const RunFlags& flags) {
  Flags values;
  for (const auto& [name, flag] : flags) values[name] = flag.value;
  return values;
}

absl::Status WriteNote(const std::string& file, const ClaimNote& note) {
  const Json json = {{"host", note.host},
                     {"process", note.process},
                     {"since", note.since},
                     {"search", note.search},
                     {"train", note.train}};
  NAP_ASSIGN_OR_RETURN(LineWriter writer, LineWriter::OpenAt(file, 0));
  NAP_RETURN_IF_ERROR(writer.Write(JsonText(json)));
  return writer.Flush().status();
}

absl::StatusOr<ClaimNote> ReadNote(const std::string& file) {
  ClaimNote note;
  NAP_RETURN_IF_ERROR(ReadJsonLines(file, [&](const Json& json) {
    note = {json.at("host").get<std::string>(), json.at("process").get<int64_t>(),
            json.at("since").get<std::string>(), json.at("search").get<Flags>(),
            json.at("train").get<Flags>()};
    return absl::OkStatus();
  }));
  return note;
}

std::string NameOf(const ClaimNote& note) {
  return absl::StrCat("process ", note.process, " on ", note.host);
}

// NFS answers for up to a minute from memory that something is not there, unless its folder is
// opened: what another machine has just finished would be done again, what it has begun begun anew.
void LookAnew(const std::string& folder) {
  std::error_code ignored;  // it need not be there
  std::filesystem::directory_iterator(folder, ignored);
}

// "<method>-<seed>"; false for any other name.
bool ParseName(const std::string& name, std::string* method, uint64_t* seed) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash == 0) return false;
  *method = name.substr(0, dash);
  return absl::SimpleAtoi(name.substr(dash + 1), seed) && name == ComparedRunName(*method, *seed);
}

absl::Status CheckNote(const ClaimNote& note, const Trial& trial, const AgreedFlags& flags) {
  std::string differences;
  if (note.train.empty() != flags.train.empty()) {
    differences = absl::StrCat("accuracies are ", note.train.empty() ? "looked up" : "trained for",
                               " there, not here");
  } else {
    const auto search = flags.search.find(trial.method);
    if (search != flags.search.end()) differences = DifferencesOf(note.search, search->second);
    if (differences.empty()) differences = DifferencesOf(note.train, flags.train);
  }
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(NameOf(note), ", which is at ", TitleOf(trial),
                                                    ", has other flags: ", differences,
                                                    "; give the same, or another --out_dir"));
}

}  // namespace

Trial MakeTrial(const std::string& method, uint64_t seed, const std::string& out_dir) {
  Trial trial{method, seed, absl::StrCat(out_dir, "/", ComparedRunName(method, seed)), "", "",
              {},     {}};
  trial.search = absl::StrCat(trial.folder, "/", kSearchFolder);
  trial.train = absl::StrCat(trial.folder, "/", kTrainFolder);
  return trial;
}

std::string TitleOf(const Trial& trial) {
  return absl::StrCat(trial.method, ", seed ", trial.seed);
}

absl::StatusOr<FileLock> ComparisonFolder::Lock() const { return FileLock::Wait(path_ + "/.lock"); }

absl::Status ComparisonFolder::Look() {
  std::map<Name, State> found;
  std::error_code ignored;  // a folder that cannot be read has no runs
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    Name name;
    if (!ParseName(entry.path().filename().string(), &name.first, &name.second)) continue;
    NAP_ASSIGN_OR_RETURN(State state, StateOf(name));
    found.emplace(name, std::move(state));
  }
  states_ = std::move(found);
  return absl::OkStatus();
}

absl::StatusOr<ComparisonFolder::State> ComparisonFolder::StateOf(const Name& name) const {
  State state{MakeTrial(name.first, name.second, path_), false, {}};
  for (const std::string& folder : {state.trial.folder, state.trial.search, state.trial.train}) {
    LookAnew(folder);
  }
  // First the claim: while the lock is held no new ones come, so that what was free and is not
  // finished then is free and not finished. What was somebody's may have been finished meanwhile.
  NAP_ASSIGN_OR_RETURN(state.is_claimed, FileLock::IsLocked(ClaimFile(state.trial)));
  if (!IsFinished(state.trial)) return state;
  const auto earlier = states_.find(name);
  if (earlier != states_.end() && earlier->second.finished.has_value()) {
    state.finished = earlier->second.finished;
  } else {
    NAP_ASSIGN_OR_RETURN(state.finished, ReadComparedRun(state.trial.folder, name.first,
                                                         name.second, programs_.table));
  }
  return state;
}

bool ComparisonFolder::IsFinished(const Trial& trial) const {
  return RunFolder::IsFinished(trial.search, programs_.search.kind) &&
         (programs_.table != nullptr || RunFolder::IsFinished(trial.train, programs_.train.kind));
}

std::vector<const ComparisonFolder::State*> ComparisonFolder::InOrder(
    const std::vector<Trial>& trials) const {
  std::vector<const State*> states;
  std::set<Name> named;
  for (const Trial& trial : trials) {
    const auto found = states_.find(*named.emplace(trial.method, trial.seed).first);
    if (found != states_.end()) states.push_back(&found->second);
  }
  for (const auto& [name, state] : states_) {
    if (named.count(name) == 0) states.push_back(&state);
  }
  return states;
}

absl::Status ComparisonFolder::CheckFlags(const AgreedFlags& flags,
                                          const std::vector<Trial>& trials) const {
  for (const State* state : InOrder(trials)) {
    const Trial& trial = state->trial;
    const FlagValue seed{absl::StrCat(trial.seed), false};
    const auto of_method = flags.search.find(trial.method);
    if (of_method != flags.search.end() && HoldsRun(trial.search)) {
      RunFlags search = of_method->second;
      search["seed"] = seed;
      NAP_RETURN_IF_ERROR(nap::CheckFlags(trial.search, programs_.search, search));
    }
    if (!flags.train.empty() && HoldsRun(trial.train)) {
      RunFlags train = flags.train;
      train["seed"] = seed;
      NAP_RETURN_IF_ERROR(nap::CheckFlags(trial.train, programs_.train, train));
    }
    if (!state->is_claimed) continue;
    NAP_ASSIGN_OR_RETURN(const ClaimNote note, ReadNote(ClaimFile(trial)));
    NAP_RETURN_IF_ERROR(CheckNote(note, trial, flags));
  }
  return absl::OkStatus();
}

const ComparedRun* ComparisonFolder::FindFinished(const Trial& trial) const {
  const auto found = states_.find({trial.method, trial.seed});
  if (found == states_.end() || !found->second.finished.has_value()) return nullptr;
  return &*found->second.finished;
}

std::vector<ComparedRun> ComparisonFolder::Finished(const std::vector<Trial>& trials) const {
  std::vector<ComparedRun> runs;
  for (const State* state : InOrder(trials)) {
    if (state->finished.has_value()) runs.push_back(*state->finished);
  }
  return runs;
}

std::string ComparisonFolder::WorkerOf(const Trial& trial) const {
  const absl::StatusOr<ClaimNote> note = ReadNote(ClaimFile(trial));
  return note.ok() ? NameOf(*note) : "another process";
}

std::vector<std::string> ComparisonFolder::AtWork() const {
  std::vector<std::string> lines;
  for (const auto& [name, state] : states_) {
    if (!state.is_claimed || state.finished.has_value()) continue;
    lines.push_back(absl::StrCat(TitleOf(state.trial), ClaimantOf(state.trial)));
  }
  return lines;
}

std::string ComparisonFolder::ClaimantOf(const Trial& trial) {
  const absl::StatusOr<ClaimNote> note = ReadNote(ClaimFile(trial));
  return note.ok() ? absl::StrCat(" (", NameOf(*note), ", since ", note->since, ")") : "";
}

std::vector<MissingRun> ComparisonFolder::Missing(const std::vector<Trial>& trials,
                                                  const Trial* own) const {
  std::vector<Trial> all = trials;
  std::set<Name> named;
  for (const Trial& trial : trials) named.emplace(trial.method, trial.seed);
  for (const auto& [name, state] : states_) {
    if (named.count(name) == 0 && (state.is_claimed || HoldsRun(state.trial.search))) {
      all.push_back(state.trial);
    }
  }
  std::vector<MissingRun> missing;
  for (const Trial& trial : all) {
    if (FindFinished(trial) != nullptr) continue;
    const Name name = {trial.method, trial.seed};
    const auto state = states_.find(name);
    const bool is_running = (own != nullptr && Name{own->method, own->seed} == name) ||
                            (state != states_.end() && state->second.is_claimed);
    missing.push_back({trial.method, trial.seed,
                       is_running               ? absl::StrCat("running", ClaimantOf(trial))
                       : HoldsRun(trial.search) ? "stopped"
                                                : "not begun"});
  }
  return missing;
}

absl::StatusOr<std::optional<FileLock>> ComparisonFolder::Claim(const Trial& trial,
                                                                const AgreedFlags& flags) const {
  const auto state = states_.find({trial.method, trial.seed});
  if (state != states_.end() && (state->second.is_claimed || state->second.finished.has_value())) {
    return std::optional<FileLock>();
  }
  NAP_RETURN_IF_ERROR(MakeFolder(trial.folder));
  NAP_ASSIGN_OR_RETURN(std::optional<FileLock> claim, FileLock::Try(ClaimFile(trial)));
  if (!claim.has_value()) return claim;
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  NAP_RETURN_IF_ERROR(WriteNote(
      ClaimFile(trial),
      {host, ::getpid(), absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::Now(), absl::LocalTimeZone()),
       ValuesOf(flags.search.at(trial.method)), ValuesOf(flags.train)}));
  return claim;
}

}  // namespace nap
