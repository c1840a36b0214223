// Flags that mean the same in every program that searches or trains, and what is made of them.
#ifndef EXPERIMENTS_RUN_FLAGS_H_
#define EXPERIMENTS_RUN_FLAGS_H_

#include <absl/status/statusor.h>
#include <gflags/gflags.h>

#include <memory>
#include <string>

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
DECLARE_bool(recompute);
DECLARE_int32(log_every);
DECLARE_bool(resume);

namespace nap {

// Of a program with these flags, those of data_flags.h, --preset and --resume. `main_file`:
// __FILE__ of its main.
ProgramOptions RunProgramOptions(const std::string& description, const std::string& main_file,
                                 const RunKind& kind);

// InvalidArgument that names the flag that is out of range.
absl::Status CheckRunFlags();

// A run as --resume and --out_dir name it, before anything is made.
struct RunBegin {
  // To go on from; null without --resume, or if the run was killed before its first checkpoint.
  std::unique_ptr<const Checkpoint> checkpoint;
  int threads;  // that compute, from now on: as many as did when the checkpoint was written
};
absl::StatusOr<RunBegin> BeginRun();

// Its folder: a new one, or the one to go on in.
absl::StatusOr<std::unique_ptr<RunFolder>> OpenRunFolder(const RunBegin& run, const RunKind& kind,
                                                         const ProgramOptions& program);

DeviceOptions DeviceFromFlags();

Checkpointer::Options CheckpointsFromFlags(const RunBegin& run);

}  // namespace nap

#endif  // EXPERIMENTS_RUN_FLAGS_H_
