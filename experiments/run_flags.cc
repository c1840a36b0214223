#include "experiments/run_flags.h"

#include <absl/strings/str_cat.h>

#include <map>
#include <utility>

#include "experiments/data_flags.h"
#include "experiments/run.h"
#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/runtime/threads.h"

DEFINE_string(out_dir, "", "run folder; empty: runs/<program>-<date>-<time>");

DEFINE_int32(workers, 1, "threads that decode and augment images");
DEFINE_int32(crop_padding, 4, "zeros around an image before the random crop, pixels");
DEFINE_bool(flip, true, "mirror half of the images");

DEFINE_int32(steps_per_epoch, 0, "steps an epoch at most; 0: as many as there are images for");
DEFINE_int32(evaluation_images, 0,
             "images looked at after each epoch, which train no weights; 0: all");
DEFINE_double(momentum, 0.9, "of SGD, for the weights");
DEFINE_double(weight_decay, 3e-4, "of the weights");
DEFINE_double(gradient_clip, 5, "largest norm of the weights' gradients");

DEFINE_uint64(seed, 0,
              "of everything random; the same seed on the same machine gives the same bits");
DEFINE_int32(threads, 0, "threads that compute; 0: all cores");
DEFINE_string(device, "auto", "cpu, cuda, cuda:N or auto");
DEFINE_string(precision, "float32",
              "of a step: float32, tf32 (on a GPU) or bfloat16 (autocast; weights stay float32)");
DEFINE_bool(deterministic, false,
            "the same seed gives the same bits on a GPU too, more slowly; on a CPU it always does");
DEFINE_string(backend, "fused", "what computes the cells, where it can: elsewhere reference does");
DEFINE_bool(recompute, false,
            "keep less memory for the backward pass and compute it again (fused backend)");

DEFINE_int32(log_every, 10, "steps between two step lines in metrics.jsonl");
DEFINE_bool(tensorboard, false, "also write what metrics.jsonl gets as a TensorBoard event file");
DEFINE_double(checkpoint_minutes, 10,
              "minutes between two checkpoints at least, beside those after each epoch");
DEFINE_bool(resume, false,
            "go on with the run in --out_dir, exactly; its flags need not be given again");

namespace nap {

ProgramOptions RunProgramOptions(const std::string& description, const std::string& main_file,
                                 const RunKind& kind) {
  ProgramOptions options{kind.experiment, description, main_file, {kDataFlags, __FILE__}};
  options.flag_files = {{"preset", absl::StrCat("experiments/presets/", kind.experiment)}};
  options.earlier_flags = [kind]() -> absl::StatusOr<std::map<std::string, std::string>> {
    if (!FLAGS_resume) return std::map<std::string, std::string>();
    if (!FLAGS_out_dir.empty()) return RunFolder::ReadFlags(FLAGS_out_dir, kind);
    return absl::InvalidArgumentError("--resume needs --out_dir, the folder of the run to resume");
  };
  // On another device a run goes on to other rounding, for which it is asked by name.
  options.free_flags = {"backend", "checkpoint_minutes", "device", "out_dir", "preset", "resume",
                        "workers"};
  options.parts = {PartFlagOf<ExecutorDefinition>("backend")};
  return options;
}

absl::Status CheckRunFlags() {
  NAP_RETURN_IF_ERROR(CheckAtLeast("threads", FLAGS_threads, 0));
  NAP_RETURN_IF_ERROR(CheckAtLeast("log_every", FLAGS_log_every, 1));
  return CheckAtLeast("checkpoint_minutes", FLAGS_checkpoint_minutes, 0);
}

absl::StatusOr<RunBegin> BeginRun() {
  RunBegin run;
  int threads = FLAGS_threads;
  if (FLAGS_resume) {
    absl::StatusOr<Checkpoint> checkpoint = ReadNewestCheckpoint(FLAGS_out_dir);
    if (checkpoint.ok()) {
      NAP_ASSIGN_OR_RETURN(threads, Checkpointer::Threads(*checkpoint));
      run.checkpoint = std::make_unique<const Checkpoint>(*std::move(checkpoint));
    } else if (!absl::IsNotFound(checkpoint.status())) {
      return checkpoint.status();
    }
  }
  run.threads = UseThreads(threads);
  return run;
}

absl::StatusOr<std::unique_ptr<RunFolder>> OpenRunFolder(const RunBegin& run, const RunKind& kind,
                                                         const ProgramOptions& program) {
  const std::string path = OutDir(FLAGS_out_dir, kind);
  NAP_ASSIGN_OR_RETURN(
      std::unique_ptr<RunFolder> folder,
      FLAGS_resume ? RunFolder::Reopen(path, kind, run.checkpoint.get())
                   : RunFolder::Create(path, kind, FlagValues(program), PartValues(program)));
  if (FLAGS_tensorboard) NAP_RETURN_IF_ERROR(folder->UseTensorboard(run.checkpoint.get()));
  return folder;
}

DeviceOptions DeviceFromFlags() { return {FLAGS_device, FLAGS_precision, FLAGS_deterministic}; }

Checkpointer::Options CheckpointsFromFlags(const RunBegin& run) {
  return {FLAGS_checkpoint_minutes, run.threads};
}

}  // namespace nap
