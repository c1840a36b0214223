#include "experiments/run_processes.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <glog/logging.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/base/version.h"
#include "nap/runtime/join_processes.h"

namespace nap {
namespace {

std::atomic<const std::string*> advice{nullptr};

// Never destroyed: the threads that watch over the others end with the process.
const RunProcesses* joined = nullptr;

// "--seed=1 there, --seed=0 on rank 0; ..."
std::string Difference(const std::string& first, const std::string& other) {
  const std::vector<std::string> here = absl::StrSplit(first, '\n');
  const std::vector<std::string> there = absl::StrSplit(other, '\n');
  std::vector<std::string> differences;
  for (size_t i = 0; i < std::max(here.size(), there.size()); ++i) {
    const std::string a = i < here.size() ? here[i] : "nothing";
    const std::string b = i < there.size() ? there[i] : "nothing";
    if (a != b) differences.push_back(absl::StrCat(b, " there, ", a, " on rank 0"));
  }
  return absl::StrJoin(differences, "; ");
}

void PrintLost(const std::string& program, absl::string_view line) {
  const std::string* const more = advice.load();
  PrintError(program, absl::StrCat(line, more == nullptr ? "" : *more));
}

absl::StatusOr<RunProcesses> Join(const std::string& program, double peer_timeout,
                                  const std::map<std::string, std::string>& flags) {
  RunProcesses run;
  NAP_ASSIGN_OR_RETURN(run.launch, FindLaunch([](const char* name) { return std::getenv(name); }));
  absl::StatusOr<std::shared_ptr<ProcessGroup>> group = JoinProcesses(
      run.launch, peer_timeout, [program](absl::string_view line) { PrintLost(program, line); });
  if (absl::IsAborted(group.status())) {
    SetErrorFilter([](absl::string_view) { return false; });
  }
  NAP_ASSIGN_OR_RETURN(run.group, std::move(group));
  if (run.group->size() == 1) return run;
  SetErrorFilter([group = run.group](absl::string_view line) { return group->Fail(line); });
  if (!run.group->is_first() && std::freopen("/dev/null", "w", stdout) == nullptr) {
    return absl::UnavailableError("/dev/null cannot be opened");
  }
  NAP_RETURN_IF_ERROR(CheckSameFlags(run.group.get(), flags));
  return run;
}

}  // namespace

absl::StatusOr<RunProcesses> JoinRun(const std::string& program, double peer_timeout,
                                     const std::map<std::string, std::string>& flags) {
  CHECK(joined == nullptr) << "processes meet once";
  NAP_ASSIGN_OR_RETURN(RunProcesses run, Join(program, peer_timeout, flags));
  joined = new RunProcesses(std::move(run));
  return *joined;
}

const RunProcesses& JoinedRun() {
  CHECK(joined != nullptr) << "the processes of the run have not met";
  return *joined;
}

void SetAdvice(const std::string& text) { advice = new std::string(text); }

absl::Status CheckSameText(ProcessGroup* group, const std::string& what, const std::string& text) {
  return group->CheckSame(what, text, Difference);
}

absl::Status CheckSameFlags(ProcessGroup* group, const std::map<std::string, std::string>& flags) {
  std::string lines = absl::StrCat("NAP ", kVersion);
  for (const auto& [name, value] : flags) absl::StrAppend(&lines, "\n--", name, "=", value);
  return CheckSameText(group, "flags", lines);
}

absl::Status CheckSameImages(ProcessGroup* group, const Dataset& images) {
  if (group->size() == 1) return absl::OkStatus();
  return CheckSameText(
      group, "images",
      absl::StrCat(images.size(), " images\n", images.shape().height, " x ", images.shape().width,
                   " pixels of ", images.shape().channels, " channels\nclasses ",
                   absl::StrJoin(images.class_names(), ", "), "\nchecksum ", images.Checksum(),
                   "\nmean ", absl::StrJoin(images.mean(), ", "), "\ndeviation ",
                   absl::StrJoin(images.stddev(), ", ")));
}

absl::Status EndOfOthers(ProcessGroup* group, const absl::Status& status) {
  if (!status.ok() && !absl::IsCancelled(status)) return status;
  group->Leave();
  return absl::OkStatus();
}

}  // namespace nap
