#include "experiments/run_flags.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>

#include <cstdio>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "experiments/data_flags.h"
#include "experiments/moved_run_flags.h"
#include "experiments/run.h"
#include "nap/base/crc32c.h"
#include "nap/base/files.h"
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
DEFINE_string(device, "auto", "what computes; auto: a GPU if there is one, else the CPU");
DEFINE_string(precision, "float32",
              "of a step; tf32: on a GPU only; bfloat16: by autocast, weights stay float32");
DEFINE_bool(deterministic, false,
            "the same seed gives the same bits on a GPU too, more slowly; on a CPU it always does");
DEFINE_string(backend, "fused", "what computes the cells, where it can: elsewhere reference does");

DEFINE_int32(log_every, 10, "steps between two step lines in metrics.jsonl");
DEFINE_bool(tensorboard, false, "also write what metrics.jsonl gets as a TensorBoard event file");
DEFINE_double(checkpoint_minutes, 10,
              "minutes between two checkpoints at least, beside those after each epoch");
DEFINE_string(resume, "no",
              "--resume: go on with the run in --out_dir, exactly; its flags need not be given "
              "again. --resume=auto: begin it if it is not there, do nothing if it is finished");

DEFINE_double(peer_timeout, 60,
              "seconds without a sign of life after which another process of the run is lost");
DEFINE_string(batch_norm, "",
              "where several processes compute, batch norms are over the images of all (global) or "
              "of each (local); empty: global in a search, local in a training");

namespace nap {
namespace {

// Whether --resume=auto has found nothing to go on with.
bool begins_anew = false;

bool Resumes() { return FLAGS_resume != "no" && !begins_anew; }

std::vector<std::string> ResumeWords() { return {"yes", "auto", "no"}; }
std::vector<std::string> BatchNormWords() { return {"global", "local"}; }

using Flags = std::map<std::string, std::string>;

// Those with which the run in --out_dir goes on but that were others before, with what they were.
absl::StatusOr<Flags> ChangedFlags(const RunKind& kind, const ProgramOptions& program) {
  NAP_ASSIGN_OR_RETURN(const Flags earlier, RunFolder::FlagsOf(FLAGS_out_dir, kind));
  const Flags values = FlagValues(program);
  Flags changed;
  for (const std::string& name : program.changeable_flags) {
    const bool given = !gflags::GetCommandLineFlagInfoOrDie(name.c_str()).is_default;
    const auto before = earlier.find(name);
    if (before == earlier.end() || !given ||
        SameValue(program, name, values.at(name), before->second)) {
      continue;
    }
    changed[name] = before->second;
  }
  return changed;
}

// A finished run has more to do where it is to have more epochs.
absl::StatusOr<bool> HasNothingToDo(const RunKind& kind, const ProgramOptions& program) {
  if (!RunFolder::IsFinished(FLAGS_out_dir, kind)) return false;
  NAP_ASSIGN_OR_RETURN(const Flags changed, ChangedFlags(kind, program));
  return changed.count("epochs") == 0;
}

absl::StatusOr<Flags> FlagsToResume(const RunKind& kind, const ProgramOptions& program) {
  NAP_ASSIGN_OR_RETURN(Flags flags, RunFolder::FlagsOf(FLAGS_out_dir, kind));
  NAP_ASSIGN_OR_RETURN(const bool nothing_to_do, HasNothingToDo(kind, program));
  if (nothing_to_do && FLAGS_resume != "auto") {
    NAP_RETURN_IF_ERROR(RunFolder::CheckNotFinished(FLAGS_out_dir, kind));
  }
  // Up to version 0.3 it was the seed that chose the test part.
  flags.emplace("split_seed", flags["seed"]);
  return flags;
}

// What tells the file that a flag names from others; empty if it names none.
absl::StatusOr<std::string> ContentOf(const std::string& name) {
  const std::string path = gflags::GetCommandLineFlagInfoOrDie(name.c_str()).current_value;
  if (path.empty()) return "";
  absl::StatusOr<std::string> content = ReadFile(path);
  if (content.ok()) return absl::StrFormat("(a file with CRC-32C %08x)", Crc32c(*content));
  return absl::Status(content.status().code(),
                      absl::StrCat("--", name, ": ", content.status().message()));
}

// Of this command line, those that the bits of the result depend on, whatever their spelling.
absl::StatusOr<Flags> DecidingFlags(const ProgramOptions& program) {
  Flags flags = FlagValues(program);
  for (const auto& [name, full_text] : PartValues(program)) flags[name] = full_text;
  for (const auto* others : {&program.free_flags, &program.changeable_flags}) {
    for (const std::string& name : *others) flags.erase(name);
  }
  for (const std::string& name : program.deciding_files) {
    NAP_ASSIGN_OR_RETURN(flags[name], ContentOf(name));
  }
  return flags;
}

// Those about a machine, which may be others on another one: where files lie, too.
std::set<std::string> MachinesFlags(const ProgramOptions& program) {
  std::set<std::string> flags = program.path_flags;
  flags.insert({"device", "out_dir", "threads", "workers"});
  return flags;
}

// All others.
Flags SharedFlags(const ProgramOptions& program) {
  Flags flags = FlagValues(program);
  for (const std::string& name : MachinesFlags(program)) flags.erase(name);
  return flags;
}

// Those of the run to go on with; none where a new one begins. Only rank 0 need see its folder.
absl::StatusOr<Flags> EarlierFlags(const RunKind& kind, const ProgramOptions& program,
                                   bool to_run) {
  NAP_RETURN_IF_ERROR(CheckAtLeast("peer_timeout", FLAGS_peer_timeout, 1));
  // A word for yes or no that gflags knows, too.
  if (bool yes = false; absl::SimpleAtob(FLAGS_resume, &yes)) FLAGS_resume = yes ? "yes" : "no";
  auto group = std::make_shared<ProcessGroup>();
  if (to_run) {
    NAP_ASSIGN_OR_RETURN(const RunProcesses processes,
                         JoinRun(kind.experiment, FLAGS_peer_timeout, SharedFlags(program)));
    group = processes.group;
  }
  if (!Resumes()) return Flags();
  if (FLAGS_resume != "yes" && FLAGS_resume != "auto") {
    return absl::InvalidArgumentError(absl::StrCat(
        "unknown resume '", FLAGS_resume, "'; known: ", absl::StrJoin(ResumeWords(), ", ")));
  }
  if (FLAGS_out_dir.empty()) {
    return absl::InvalidArgumentError("--resume needs --out_dir, the folder of the run to resume");
  }
  absl::StatusOr<Flags> flags = Flags();
  if (group->is_first()) {
    flags = FlagsToResume(kind, program);
    if (FLAGS_resume == "auto" && absl::IsNotFound(flags.status())) flags = Flags();
    if (!flags.ok()) return flags;
  }
  // A value may have any byte but zero, which no command line can hold.
  std::string text;
  for (const auto& [name, value] : *flags) {
    absl::StrAppend(&text, name, absl::string_view("\0", 1), value, absl::string_view("\0", 1));
  }
  const std::vector<std::string> words = absl::StrSplit(group->Broadcast(text), absl::ByChar('\0'));
  flags->clear();
  for (size_t i = 0; i + 1 < words.size(); i += 2) (*flags)[words[i]] = words[i + 1];
  begins_anew = flags->empty();
  if (begins_anew || group->is_first()) return flags;
  // What is about its machine another process says for itself.
  for (const std::string& name : MachinesFlags(program)) {
    gflags::CommandLineFlagInfo flag;
    if (gflags::GetCommandLineFlagInfo(name.c_str(), &flag) && !flag.is_default) {
      (*flags)[name] = flag.current_value;
    }
  }
  return flags;
}

// Rank 0's, for all; null if there is none.
absl::StatusOr<std::unique_ptr<const Checkpoint>> ReadSharedCheckpoint(ProcessGroup* group) {
  std::string bytes;
  if (group->is_first()) {
    absl::StatusOr<Checkpoint> checkpoint = ReadNewestCheckpoint(FLAGS_out_dir);
    if (!checkpoint.ok() && !absl::IsNotFound(checkpoint.status())) return checkpoint.status();
    if (group->size() == 1) {
      if (!checkpoint.ok()) return nullptr;
      return std::make_unique<const Checkpoint>(*std::move(checkpoint));
    }
    if (checkpoint.ok()) bytes = EncodeCheckpoint(*checkpoint);
  }
  bytes = group->Broadcast(bytes);
  if (bytes.empty()) return nullptr;
  NAP_ASSIGN_OR_RETURN(Checkpoint checkpoint, DecodeCheckpoint(bytes, "rank 0's checkpoint"));
  return std::make_unique<const Checkpoint>(std::move(checkpoint));
}

}  // namespace

ProgramOptions RunProgramOptions(const std::string& description, const std::string& main_file,
                                 const RunKind& kind, std::vector<FlagGroup> own_groups) {
  ProgramOptions options{kind.experiment, description, main_file};
  options.groups = std::move(own_groups);
  AddDataFlags(&options);
  options.shared_files.push_back(__FILE__);
  options.groups.push_back({"Machine, processes",
                            {"threads", "workers", "device", "precision", "deterministic",
                             "backend", "batch_norm", "peer_timeout"}});
  options.groups.push_back(
      {"Run folder",
       {"out_dir", "resume", "seed", "checkpoint_minutes", "log_every", "tensorboard"}});
  options.choices.insert(
      options.choices.end(),
      {NamesOf("device", DeviceNames()), NamesOf("precision", PrecisionNames()),
       NamesOf("batch_norm", BatchNormWords()), NamesOf("resume", ResumeWords())});
  options.flag_files = {{"preset", absl::StrCat("experiments/presets/", kind.experiment)}};
  options.earlier_flags = [kind](const ProgramOptions& program, bool to_run) {
    return EarlierFlags(kind, program, to_run);
  };
  options.moved_flags = MovedRunFlags();
  options.bare_flags = {{"resume", "yes"}, {"recompute", "true"}};
  // On another device a run goes on to other rounding, for which it is asked by name.
  options.free_flags = {
      "backend", "checkpoint_minutes", "device", "out_dir", "peer_timeout", "preset", "resume",
      "workers"};
  // Their content is checked where it is read.
  options.changeable_flags = {"data_dir", "held_out_file", "label_file"};
  options.path_flags = options.changeable_flags;
  options.parts.push_back(PartFlagOf<ExecutorDefinition>("backend"));
  return options;
}

absl::Status CheckRunFlags() {
  NAP_RETURN_IF_ERROR(CheckRange("threads", FLAGS_threads, 0, kMostThreads));
  NAP_RETURN_IF_ERROR(CheckAtLeast("log_every", FLAGS_log_every, 1));
  return CheckAtLeast("checkpoint_minutes", FLAGS_checkpoint_minutes, 0);
}

absl::StatusOr<RunBegin> BeginRun(const RunKind& kind, const ProgramOptions& program) {
  RunBegin run;
  run.processes = JoinedRun();
  ProcessGroup& group = *run.processes.group;
  // Those of flag files, too, which are read on each machine.
  NAP_RETURN_IF_ERROR(CheckSameFlags(&group, SharedFlags(program)));
  NAP_ASSIGN_OR_RETURN(run.deciding_flags, DecidingFlags(program));
  for (const std::string& name : program.deciding_files) {
    NAP_RETURN_IF_ERROR(
        CheckSameText(&group, "files", absl::StrCat("--", name, "=", run.deciding_flags[name])));
  }
  int threads = FLAGS_threads;
  if (Resumes()) {
    if (group.is_first()) {
      NAP_ASSIGN_OR_RETURN(FileLock lock, RunFolder::Lock(FLAGS_out_dir, kind));
      run.lock = std::make_shared<FileLock>(std::move(lock));
      NAP_ASSIGN_OR_RETURN(run.is_finished, HasNothingToDo(kind, program));
      NAP_ASSIGN_OR_RETURN(run.changed, ChangedFlags(kind, program));
    }
    run.is_finished = group.Sum(run.is_finished ? 1.0 : 0.0) > 0;
    if (run.is_finished) return run;
    NAP_ASSIGN_OR_RETURN(run.checkpoint, ReadSharedCheckpoint(&group));
    if (run.checkpoint != nullptr) {
      if (group.is_first()) {
        NAP_RETURN_IF_ERROR(Checkpointer::CheckFlags(
            *run.checkpoint, run.deciding_flags,
            [&](const std::string& name, const std::string& a, const std::string& b) {
              return SameValue(program, name, a, b);
            }));
      }
      NAP_ASSIGN_OR_RETURN(threads, Checkpointer::Threads(*run.checkpoint, group.rank(),
                                                          group.size(), FLAGS_threads));
    }
  }
  const double own = UseThreads(threads, group.sharing_cores());
  for (const std::vector<double>& each : group.Gather(std::vector<double>{own})) {
    run.threads.push_back(static_cast<int>(each[0]));
  }
  return run;
}

absl::Status SayFinished(const RunBegin& run, const RunKind& kind) {
  std::printf("The run in %s is finished: it has %s.\n", FLAGS_out_dir.c_str(),
              kind.result.c_str());
  run.processes.group->Leave();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RunFolder>> OpenRunFolder(const RunBegin& run, const RunKind& kind,
                                                         const ProgramOptions& program) {
  NAP_ASSIGN_OR_RETURN(const std::string path, OutDir(FLAGS_out_dir, kind));
  const Flags values = FlagValues(program);
  Flags changed;
  for (const auto& [name, before] : run.changed) {
    changed[name] = values.at(name);
    std::printf("Going on with --%s=%s instead of %s.\n", name.c_str(), changed[name].c_str(),
                before.c_str());
  }
  NAP_ASSIGN_OR_RETURN(std::unique_ptr<RunFolder> folder,
                       Resumes() ? RunFolder::Reopen(path, kind, run.checkpoint.get(), changed)
                                 : RunFolder::Create(path, kind, values, PartValues(program)));
  SetAdvice(GoOnText(path, kind, run.processes.group->size()));
  if (FLAGS_tensorboard) NAP_RETURN_IF_ERROR(folder->UseTensorboard(run.checkpoint.get()));
  return folder;
}

absl::StatusOr<DeviceOptions> DeviceFromFlags(const RunBegin& run) {
  DeviceOptions options = {FLAGS_device, FLAGS_precision, FLAGS_deterministic,
                           run.processes.launch.local_rank};
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice(options));
  NAP_RETURN_IF_ERROR(
      CheckSameText(run.processes.group.get(), "devices",
                    c10::DeviceTypeName(device.device.type(), /*lower_case=*/true)));
  return options;
}

absl::StatusOr<bool> GlobalNormsFromFlags(bool otherwise) {
  if (FLAGS_batch_norm.empty()) return otherwise;
  if (FLAGS_batch_norm == "global" || FLAGS_batch_norm == "local") {
    return FLAGS_batch_norm == "global";
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown batch_norm '", FLAGS_batch_norm,
                   "'; known: ", absl::StrJoin(BatchNormWords(), ", ")));
}

std::string ComputingText(const RunBegin& run) {
  const std::set<int> numbers(run.threads.begin(), run.threads.end());
  const std::string threads = absl::StrCat(absl::StrJoin(numbers, " or "), " threads");
  if (run.threads.size() == 1) return threads;
  return absl::StrCat(run.threads.size(), " processes of ", threads);
}

Checkpointer::Options CheckpointsFromFlags(const RunBegin& run) {
  return {FLAGS_checkpoint_minutes, run.threads, run.deciding_flags};
}

}  // namespace nap
