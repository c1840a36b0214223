#include "nap/report/checkpointer.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// In a checkpoint.
constexpr char kProcesses[] = "processes";
constexpr absl::string_view kFlagPrefix = "flag/";
std::string ThreadsName(int rank) { return rank == 0 ? "threads" : absl::StrCat("threads/", rank); }

std::string At(const std::string& what, int epoch) {
  return absl::StrCat(
      what, epoch == 0 ? " before the first epoch" : absl::StrCat(" at the end of epoch ", epoch));
}

}  // namespace

Checkpointer::Checkpointer(RunFolder* folder, const Options& options,
                           std::function<Checkpoint()> state)
    : folder_(folder),
      options_(options),
      state_(std::move(state)),
      last_save_(MonotonicSeconds()) {}

absl::Status Checkpointer::AfterStep(int epoch, int64_t step) {
  return SaveIfDue(absl::StrCat("step ", step, " of epoch ", epoch));
}

absl::Status Checkpointer::AfterPruning(int epoch, int operations_alive) {
  return SaveIfDue(
      absl::StrCat(At("a removal", epoch), ", ", operations_alive, " operations alive"));
}

absl::Status Checkpointer::SaveIfDue(const std::string& where) {
  const bool due = MonotonicSeconds() - last_save_ >= 60 * options_.minutes;
  if (!due && InterruptSignal() == 0) return absl::OkStatus();
  return Save(where);
}

absl::Status Checkpointer::AfterEpoch(int epoch) { return Save(absl::StrCat("epoch ", epoch)); }

absl::Status Checkpointer::AfterParts(const PhaseReport& phase) {
  return SaveIfDue(
      absl::StrCat(phase.done, " of ", phase.parts, " parts of ", At(phase.what, phase.epoch)));
}

absl::Status Checkpointer::WithinPhase(const PhaseReport& phase) {
  absl::Status saved = Save("");
  if (!absl::IsCancelled(saved)) return saved;
  return absl::CancelledError(absl::StrCat("stopped while ", At(phase.what, phase.epoch),
                                           ", which will ", phase.goes_on ? "go on" : "begin anew",
                                           "; what came before is saved"));
}

absl::StatusOr<int> Checkpointer::Threads(const Checkpoint& checkpoint, int rank, int processes,
                                          int otherwise) {
  const auto before = checkpoint.integers.find(kProcesses);
  const int64_t then = before == checkpoint.integers.end() ? 1 : before->second;
  if (then != processes) return otherwise;
  int64_t threads = 0;
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, ThreadsName(rank), &threads));
  return static_cast<int>(threads);
}

absl::Status Checkpointer::CheckFlags(
    const Checkpoint& checkpoint, const std::map<std::string, std::string>& flags,
    const std::function<bool(const std::string& name, const std::string& a, const std::string& b)>&
        same) {
  for (const auto& [name, value] : flags) {
    const auto found = checkpoint.strings.find(absl::StrCat(kFlagPrefix, name));
    if (found == checkpoint.strings.end() || same(name, found->second, value)) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the checkpoint was written with --", name, "=", found->second, ", the run has --", name,
        "=", value, ": one of the two is another run's, or was changed"));
  }
  return absl::OkStatus();
}

absl::Status Checkpointer::Save(const std::string& where) {
  Checkpoint checkpoint = state_();
  for (const auto& [name, value] : options_.flags) {
    checkpoint.strings[absl::StrCat(kFlagPrefix, name)] = value;
  }
  checkpoint.integers[kProcesses] = static_cast<int64_t>(options_.threads.size());
  for (size_t rank = 0; rank < options_.threads.size(); ++rank) {
    checkpoint.integers[ThreadsName(static_cast<int>(rank))] = options_.threads[rank];
  }
  NAP_RETURN_IF_ERROR(folder_->WriteCheckpoint(std::move(checkpoint)));
  last_save_ = MonotonicSeconds();
  if (InterruptSignal() == 0) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("stopped after ", where, ", which is saved"));
}

}  // namespace nap
