#include "nap/runtime/launch.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <cstdint>
#include <cstdlib>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr int kMostProcesses = 1 << 16;

// What one launcher calls its variables.
struct Names {
  const char* rank;
  const char* processes;
  const char* local_rank;
};
constexpr Names kTorchrun = {"RANK", "WORLD_SIZE", "LOCAL_RANK"};
constexpr Names kOpenMpi = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                            "OMPI_COMM_WORLD_LOCAL_RANK"};
// Those of a step alone: a batch script has SLURM_NTASKS, too, and is one process.
constexpr Names kSlurm = {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"};

constexpr char kAddress[] = "MASTER_ADDR";
constexpr char kPort[] = "MASTER_PORT";

std::string Text(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<int> Number(const Environment& environment, const char* name, int low, int high) {
  const std::string text = Text(environment, name);
  int number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= low && number <= high) return number;
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the environment has no ", name, ", which several processes need"));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      name, "=", text, " in the environment is not a number from ", low, " to ", high));
}

// Another one for another run on the same machine, the same for all processes of one.
int PortOf(const std::string& run) {
  uint32_t hash = 2166136261u;
  for (const char c : run) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return static_cast<int>(20000 + hash % 10000);
}

}  // namespace

std::string FirstMachine(const std::string& node_list) {
  const size_t end = node_list.find_first_of("[,");
  std::string name = node_list.substr(0, end);
  if (end == std::string::npos || node_list[end] == ',') return name;
  const size_t begin = end + 1;
  name += node_list.substr(begin, node_list.find_first_of("-,]", begin) - begin);
  const size_t close = node_list.find(']', begin);
  if (close == std::string::npos) return name;
  const std::string rest = node_list.substr(close + 1);
  return name + rest.substr(0, rest.find(','));
}

void ForgetLaunch() {
  for (const Names* names : {&kTorchrun, &kOpenMpi, &kSlurm}) ::unsetenv(names->processes);
}

absl::StatusOr<Launch> FindLaunch(const Environment& environment) {
  // Whoever has set all; one process, where that is said, needs no rank.
  const auto speaks = [&](const Names& names) {
    return environment(names.processes) != nullptr &&
           (environment(names.rank) != nullptr || Text(environment, names.processes) == "1");
  };
  const Names* names = nullptr;
  const Names* incomplete = nullptr;
  for (const Names* each : {&kTorchrun, &kOpenMpi, &kSlurm}) {
    if (names == nullptr && speaks(*each)) names = each;
    if (incomplete == nullptr && environment(each->processes) != nullptr) incomplete = each;
  }
  if (names == nullptr) names = incomplete;
  Launch launch;
  if (names == nullptr) return launch;
  NAP_ASSIGN_OR_RETURN(launch.processes, Number(environment, names->processes, 1, kMostProcesses));
  if (launch.processes == 1) return launch;
  NAP_ASSIGN_OR_RETURN(launch.rank, Number(environment, names->rank, 0, launch.processes - 1));
  NAP_ASSIGN_OR_RETURN(launch.local_rank,
                       Number(environment, names->local_rank, 0, launch.processes - 1));

  launch.address = Text(environment, kAddress);
  std::string run;  // by whose name a port is found where none is given
  if (names == &kOpenMpi) {
    // mpirun names no machine, but says whether there is only one.
    if (launch.address.empty() &&
        Text(environment, "OMPI_COMM_WORLD_LOCAL_SIZE") == absl::StrCat(launch.processes)) {
      launch.address = "127.0.0.1";
    }
    run = absl::StrCat("mpi", Text(environment, "PMIX_NAMESPACE"));
  } else if (names == &kSlurm) {
    if (launch.address.empty())
      launch.address = FirstMachine(Text(environment, "SLURM_STEP_NODELIST"));
    run = absl::StrCat("slurm", Text(environment, "SLURM_JOB_ID"), ".",
                       Text(environment, "SLURM_STEP_ID"));
  }
  if (launch.address.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        names->processes, "=", launch.processes, " in the environment, but no ", kAddress,
        ", the machine of rank 0; torchrun sets it, mpirun takes -x ", kAddress, "=..."));
  }
  if (environment(kPort) == nullptr && !run.empty()) {
    launch.port = PortOf(run);
  } else {
    NAP_ASSIGN_OR_RETURN(launch.port, Number(environment, kPort, 1, 65535));
  }
  if (names != &kTorchrun) return launch;
  launch.store_is_there = Text(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True";
  if (environment("TORCHELASTIC_RESTART_COUNT") != nullptr) {
    NAP_ASSIGN_OR_RETURN(launch.restart,
                         Number(environment, "TORCHELASTIC_RESTART_COUNT", 0, 1 << 30));
  }
  return launch;
}

}  // namespace nap
