// Flags that mean the same in every program that searches or trains, and what is made of them.
#ifndef EXPERIMENTS_RUN_FLAGS_H_
#define EXPERIMENTS_RUN_FLAGS_H_

#include <absl/status/statusor.h>
#include <gflags/gflags.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/run_processes.h"
#include "nap/base/program.h"
#include "nap/report/checkpointer.h"
#include "nap/report/run_folder.h"
#include "nap/runtime/device.h"
#include "nap/training/checkpoint.h"

DECLARE_string(out_dir);
DECLARE_int32(steps_per_epoch);
DECLARE_int32(evaluation_images);
DECLARE_double(momentum);
DECLARE_double(weight_decay);
DECLARE_double(gradient_clip);
DECLARE_int32(crop_padding);
DECLARE_bool(flip);
DECLARE_int32(workers);
DECLARE_uint64(seed);
DECLARE_string(backend);
DECLARE_int32(log_every);
DECLARE_string(batch_norm);
DECLARE_string(resume);

namespace nap {

// Of a program with these flags, those of data_flags.h, --preset and --resume. `main_file`:
// __FILE__ of its main. `own_groups`: of its flags and of those of these that are no matter of
// machines and folders, which --help shows first.
ProgramOptions RunProgramOptions(const std::string& description, const std::string& main_file,
                                 const RunKind& kind, std::vector<FlagGroup> own_groups);

// InvalidArgument that names the flag that is out of range.
absl::Status CheckRunFlags();

// A run as --resume and --out_dir name it, before anything is made.
struct RunBegin {
  // To go on from; null without --resume, or if the run was killed before its first checkpoint.
  std::unique_ptr<const Checkpoint> checkpoint;
  // That compute in each process, from now on: as many as did when the checkpoint was written.
  std::vector<int> threads;
  std::shared_ptr<const FileLock> lock;  // of its folder, on rank 0, where it is resumed
  bool is_finished = false;  // there is nothing to go on with, which --resume=auto asks for
  // Of flags with which it goes on but that were others before: what they were. On rank 0.
  std::map<std::string, std::string> changed;
  // Those that the bits of the result depend on; of a file that decides, what tells its content.
  std::map<std::string, std::string> deciding_flags;
  RunProcesses processes;  // that compute it
};
absl::StatusOr<RunBegin> BeginRun(const RunKind& kind, const ProgramOptions& program);

// What is left to do with a run that is_finished.
absl::Status SayFinished(const RunBegin& run, const RunKind& kind);

// Its folder: a new one, or the one to go on in. Rank 0's alone.
absl::StatusOr<std::unique_ptr<RunFolder>> OpenRunFolder(const RunBegin& run, const RunKind& kind,
                                                         const ProgramOptions& program);

// What --device says. InvalidArgument if it is no device here, or one of another kind than other
// processes have.
absl::StatusOr<DeviceOptions> DeviceFromFlags(const RunBegin& run);

// What --batch_norm says, or `otherwise` if it says nothing: whether norms are of the images of all
// processes. InvalidArgument for another word.
absl::StatusOr<bool> GlobalNormsFromFlags(bool otherwise);

// "; 8 threads" or "; 2 processes of 4 threads".
std::string ComputingText(const RunBegin& run);

Checkpointer::Options CheckpointsFromFlags(const RunBegin& run);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_FLAGS_H_
