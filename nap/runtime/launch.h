// How this process was started beside others that compute the same run.
#ifndef NAP_RUNTIME_LAUNCH_H_
#define NAP_RUNTIME_LAUNCH_H_

#include <absl/status/statusor.h>

#include <functional>
#include <string>

namespace nap {

struct Launch {
  int rank = 0;
  int processes = 1;
  int local_rank = 0;   // among those on this machine
  std::string address;  // where rank 0's store is to be found; empty if there is one process
  int port = 0;
  bool store_is_there = false;  // the launcher keeps it, not rank 0
  int restart = 0;              // how often the launcher has begun anew
};

// Reads a variable of the environment; null if it is not set.
using Environment = std::function<const char*(const char* name)>;

// From what torchrun (RANK, WORLD_SIZE, MASTER_ADDR, ...), OpenMPI's mpirun (OMPI_COMM_WORLD_*) or
// Slurm's srun (SLURM_STEP_*) set, the first in this order that has set a rank and the number of
// processes; without any of them, or with WORLD_SIZE=1, one process.
// InvalidArgument that names the variable that is missing or wrong.
absl::StatusOr<Launch> FindLaunch(const Environment& environment);

// Lets this process's children, and itself, compute alone, whoever has started it.
void ForgetLaunch();

// The first name of Slurm's list of machines: "node07" of "node[07-09,12],other".
std::string FirstMachine(const std::string& node_list);

}  // namespace nap

#endif  // NAP_RUNTIME_LAUNCH_H_
