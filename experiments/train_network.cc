#include "experiments/train_network.h"

#include <ATen/Context.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <gflags/gflags.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "data/open_dataset.h"
#include "experiments/data_flags.h"
#include "experiments/genotype_flag.h"
#include "experiments/linked_plugins.h"
#include "experiments/run.h"
#include "experiments/run_flags.h"
#include "experiments/split_of_run.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/interrupt.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/export/model_description.h"
#include "nap/export/torchscript.h"
#include "nap/model/derived_network.h"
#include "nap/report/checkpointer.h"
#include "nap/report/page/run_report.h"
#include "nap/report/progress.h"
#include "nap/report/run_folder.h"
#include "nap/report/run_schema.h"
#include "nap/report/training_record.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/search_space/published_genotypes.h"
#include "nap/search_space/search_space.h"
#include "nap/training/initial_weights.h"
#include "nap/training/network_trainer.h"
#include "nap/training/trained_network.h"
#include "nap/training/training_options.h"

DEFINE_string(preset, "quick", "the flag file that sets the defaults");

DEFINE_string(genotype, "DARTS_V2",
              "a search's folder, or a file or a text with a genotype (genotype.json, DARTS's "
              "line, a NAS-Bench-201 string and what docs/run_folder.md lists), FILE:NAME of "
              "several, or a published one's name");
DEFINE_string(network, "cifar", "the network's shape");
DEFINE_int32(channels, 0,
             "of the first cell; 0: 36 (cifar) or 48 (imagenet) in darts, 16 in nas_bench_201");
DEFINE_int32(cells, 0,
             "cells of the network; 0: 20 (cifar) or 14 (imagenet) in darts, 15 in nas_bench_201");
DEFINE_string(weights, "",
              "model.pt or checkpoint.pt whose weights the training starts from; classifiers of "
              "another number of classes are left out");

DEFINE_int32(epochs, 600, "passes over the training images");
DEFINE_int32(batch_size, 96, "images a step, of all processes together");
DEFINE_int32(accumulate, 1,
             "parts in which a process goes through its images of a step, for less memory");
DEFINE_string(optimizer, "sgd",
              "what changes the weights; adamw wants other numbers than sgd, say "
              "--learning_rate=0.001 --weight_decay=0.05");
DEFINE_double(learning_rate, 0.025, "at the start");
DEFINE_int32(learning_rate_batch, 0,
             "the batch size that --learning_rate is for; for another one it is scaled in "
             "proportion; 0: it is not scaled");
DEFINE_double(final_learning_rate, 0, "at the end");
DEFINE_string(learning_rate_decay, "cosine", "how the learning rate falls from start to end");
DEFINE_int32(learning_rate_warmup, 0, "first epochs, in which the learning rate rises linearly");
DEFINE_double(ema, 0,
              "decay of the weights' moving average, which is evaluated and becomes model.pt; "
              "0: the weights themselves are");
DEFINE_double(auxiliary_weight, 0.4, "of the auxiliary head's loss; 0: no auxiliary head");
DEFINE_double(drop_path, 0.2, "probability at the end; rises linearly from 0");
DEFINE_double(label_smoothing, 0, "share of the label that goes to all classes");
DEFINE_double(mixup, 0, "parameter of mixup's Beta distribution; 0: no mixup");

DEFINE_bool(random_resized_crop, false,
            "train on random parts of an image folder's images, resized");
DEFINE_double(smallest_crop, 0.08, "least share of an image's area that such a part has");
DEFINE_bool(color_jitter, false,
            "vary brightness, contrast, saturation and hue, as DARTS does on ImageNet");
DEFINE_int32(cutout, 16, "side of the square cut out of each image, pixels; 0: none");
DEFINE_int32(randaugment, 0,
             "RandAugment's operations an image: colours, shifts, turns, ...; 0: none");
DEFINE_int32(randaugment_magnitude, 9, "RandAugment's strength, 0 to 30");
DEFINE_double(random_erasing, 0, "probability that a rectangle of an image becomes noise");

DEFINE_string(class_weights, "none",
              "balanced: the loss of an image counts in inverse proportion to its class's size");
DEFINE_string(sampling, "uniform", "balanced: images of all classes come equally often");

namespace nap {
namespace {

absl::Status CheckFlags() {
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_RETURN_IF_ERROR(CheckRunFlags());
  NAP_RETURN_IF_ERROR(CheckRange("channels", FLAGS_channels, 0, kMostChannels));
  NAP_RETURN_IF_ERROR(CheckRange("cells", FLAGS_cells, 0, kMostCells));
  NAP_RETURN_IF_ERROR(CheckAtLeast("learning_rate_batch", FLAGS_learning_rate_batch, 0));
  return FindStem(FLAGS_network).status();
}

absl::StatusOr<TrainingOptions> OptionsFromFlags() {
  TrainingOptions options;
  options.epochs = FLAGS_epochs;
  options.batch_size = FLAGS_batch_size;
  options.steps_per_epoch = FLAGS_steps_per_epoch;
  options.evaluation_images = FLAGS_evaluation_images;
  options.optimizer = FLAGS_optimizer;
  options.learning_rate = FLAGS_learning_rate;
  if (FLAGS_learning_rate_batch > 0) {
    options.learning_rate *= static_cast<double>(FLAGS_batch_size) / FLAGS_learning_rate_batch;
  }
  options.final_learning_rate = FLAGS_final_learning_rate;
  options.learning_rate_decay = FLAGS_learning_rate_decay;
  options.learning_rate_warmup = FLAGS_learning_rate_warmup;
  options.momentum = FLAGS_momentum;
  options.weight_decay = FLAGS_weight_decay;
  options.gradient_clip = FLAGS_gradient_clip;
  options.ema = FLAGS_ema;
  options.auxiliary_weight = FLAGS_auxiliary_weight;
  options.drop_path = FLAGS_drop_path;
  options.label_smoothing = FLAGS_label_smoothing;
  options.mixup = FLAGS_mixup;
  options.crop_padding = FLAGS_crop_padding;
  options.color_jitter = FLAGS_color_jitter;
  options.flip = FLAGS_flip;
  options.cutout = FLAGS_cutout;
  options.rand_augment = {FLAGS_randaugment, FLAGS_randaugment_magnitude};
  options.random_erasing = FLAGS_random_erasing;
  options.class_weights = FLAGS_class_weights;
  options.sampling = FLAGS_sampling;
  options.workers = FLAGS_workers;
  options.seed = FLAGS_seed;
  options.accumulate = FLAGS_accumulate;
  NAP_ASSIGN_OR_RETURN(options.global_norms, GlobalNormsFromFlags(/*otherwise=*/false));
  NAP_RETURN_IF_ERROR(Validate(options));
  return options;
}

struct ImagesChoice {
  std::string dataset;
  DatasetOptions options;
};

absl::StatusOr<ImagesChoice> ImagesFromFlags(const TrainingProgram& program) {
  ImagesChoice images = {DatasetName(program.default_data), DatasetOptionsFromFlags()};
  images.options.seed = FLAGS_seed;
  images.options.random_resized_crop = FLAGS_random_resized_crop;
  images.options.smallest_crop = FLAGS_smallest_crop;
  if (FLAGS_dataset.empty() && images.dataset == kBuiltIn) {
    NAP_RETURN_IF_ERROR(program.use_built_in(&images.dataset, &images.options));
  }
  return images;
}

// On the same test images. How they are read is known to the model.
std::string EvaluateCommand(const std::string& model, const ImagesChoice& images) {
  std::string command =
      absl::StrCat(BazelRun("//tools:evaluate", kLinkedPlugins), " --model=", ShellWord(model));
  if (!FLAGS_dataset.empty() || images.dataset != DatasetName()) {
    absl::StrAppend(&command, " --dataset=", ShellWord(images.dataset));
  }
  if (!images.options.data_dir.empty()) {
    absl::StrAppend(&command, " --data_dir=", ShellWord(images.options.data_dir));
  }
  // The built-in drawings are others with another seed.
  if (images.dataset == kBuiltIn) absl::StrAppend(&command, GivenFlags({"seed"}));
  return absl::StrCat(command, GivenFlags({"label_file", "split_seed", "held_out_file"}));
}

absl::StatusOr<ModelDescription> Describe(const Dataset& images, Genotype genotype) {
  ModelDescription description;
  description.spec.genotype = std::move(genotype);
  NetworkOptions& network = description.spec.network;
  NAP_ASSIGN_OR_RETURN(network, FindNetwork(FLAGS_network, description.spec.genotype.search_space,
                                            FLAGS_channels, FLAGS_cells));
  network.image_channels = images.shape().channels;
  network.classes = images.num_classes();
  description.spec.auxiliary_head = FLAGS_auxiliary_weight > 0;
  description.class_names = images.class_names();
  description.mean = images.mean();
  description.stddev = images.stddev();
  description.image_size = {images.shape().height, images.shape().width};
  description.test_crop = images.TestCrop();
  return description;
}

// Shows and writes down how a training goes, and what it needs to go on when it is stopped.
class Reporter final : public TrainingObserver {
 public:
  Reporter(const NetworkTrainer* trainer, const ModelDescription* description, RunFolder* folder,
           const Checkpointer::Options& checkpoints)
      : trainer_(trainer),
        description_(description),
        folder_(folder),
        checkpointer_(folder, checkpoints, [trainer] { return trainer->Save(); }),
        progress_(stderr),
        page_(folder->path()) {}

  absl::Status OnStep(const StepReport& report) override {
    progress_.Step(report);
    if (report.step % FLAGS_log_every == 0) NAP_RETURN_IF_ERROR(WriteStep(report, folder_));
    return checkpointer_.AfterStep(report.epoch, report.step);
  }
  void OnPhase(const PhaseReport& report) override { progress_.Phase(report); }
  absl::Status OnStop(const PhaseReport& report) override {
    return checkpointer_.WithinPhase(report);
  }
  absl::Status OnEpoch(const TrainingEpochReport& report) override {
    progress_.Epoch(report);
    NAP_RETURN_IF_ERROR(WriteEpoch(report, folder_));
    if (report.is_best) NAP_RETURN_IF_ERROR(WriteModel(run_file::kBestModel));
    page_.Update();
    return checkpointer_.AfterEpoch(report.epoch);
  }

  // model.pt, with which the run is finished, and report.html once more.
  absl::Status Finish() {
    NAP_RETURN_IF_ERROR(WriteModel(run_file::kModel));
    NAP_RETURN_IF_ERROR(folder_->Finish());
    page_.Update();
    return absl::OkStatus();
  }

 private:
  absl::Status WriteModel(const char* file) {
    progress_.Busy(absl::StrCat("exporting ", file));
    const absl::Status written =
        WriteTorchScript(trainer_->network(), *description_, folder_->File(file));
    progress_.Busy("");
    return written;
  }

  const NetworkTrainer* const trainer_;
  const ModelDescription* const description_;
  RunFolder* const folder_;
  Checkpointer checkpointer_;
  Progress progress_;
  RunReport page_;
};

// What --genotype names. One that is resumed has it in its folder and its checkpoint, whatever has
// become of the file that the flag names; other processes may not see the folder. `note`:
// GenotypeFromFlag's.
absl::StatusOr<Genotype> GenotypeOfRun(bool is_resumed, const Checkpoint* checkpoint,
                                       std::string* note) {
  const std::string file = absl::StrCat(FLAGS_out_dir, "/", run_file::kGenotype);
  absl::StatusOr<Genotype> kept = absl::NotFoundError("a new run");
  if (is_resumed) kept = FindGenotype(file);
  if (checkpoint == nullptr) return kept.ok() ? kept : GenotypeFromFlag(FLAGS_genotype, note);
  NAP_ASSIGN_OR_RETURN(const ModelDescription earlier, DescriptionOf(*checkpoint));
  if (!kept.ok() || *kept == earlier.spec.genotype) return earlier.spec.genotype;
  return absl::FailedPreconditionError(absl::StrCat(
      "the checkpoint in ", FLAGS_out_dir, " is of other cells than those in ", file,
      ": one of both is another run's; put back the right one, or begin anew in another folder"));
}

// A new network, or one that starts from --weights, unless it is resumed.
absl::StatusOr<TrainedNetwork> MakeModel(const Dataset& images, Genotype genotype,
                                         const Checkpoint* checkpoint) {
  TrainedNetwork model;
  NAP_ASSIGN_OR_RETURN(model.description, Describe(images, std::move(genotype)));
  at::manual_seed(FLAGS_seed);
  NAP_ASSIGN_OR_RETURN(model.network,
                       DerivedNetwork::Create(model.description.spec, {FLAGS_backend}));
  if (FLAGS_weights.empty() || checkpoint != nullptr) return model;
  NAP_ASSIGN_OR_RETURN(const InitialWeights found,
                       LoadInitialWeights(FLAGS_weights, model.network.get()));
  absl::PrintF("Starting from %s: %d tensors taken, %d left at random (%s)\n", FLAGS_weights,
               found.taken, found.left.size(), found.left.empty() ? "none" : found.left.front());
  return model;
}

// A genotype may be a text of many lines.
std::string Shortened(std::string text) {
  constexpr size_t kLongest = 100;  // NAS-Bench-201's strings are whole
  text = absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar("\n\r\t"), absl::SkipEmpty()), " ");
  if (text.size() > kLongest) text = absl::StrCat(text.substr(0, kLongest - 3), "...");
  return text;
}

absl::Status Main(const TrainingProgram& program, const ProgramOptions& program_options) {
  RunKind kind = TrainingRun(program.name);
  kind.plugins = kLinkedPlugins;
  NAP_RETURN_IF_ERROR(CheckFlags());
  NAP_ASSIGN_OR_RETURN(TrainingOptions options, OptionsFromFlags());
  std::error_code ignored;
  const bool is_resumed = !FLAGS_out_dir.empty() &&
                          std::filesystem::exists(FLAGS_out_dir + "/" + run_file::kConfig, ignored);
  const std::string split = is_resumed ? "" : TakeSplitOfRun(FLAGS_genotype);
  NAP_ASSIGN_OR_RETURN(const RunBegin run, BeginRun(kind, program_options));
  if (run.is_finished) return SayFinished(run, kind);
  ProcessGroup& group = *run.processes.group;
  if (group.is_first()) absl::PrintF("%s", split);
  NAP_ASSIGN_OR_RETURN(options.device, DeviceFromFlags(run));
  options.processes = run.processes.group;
  const Checkpoint* const checkpoint = run.checkpoint.get();
  NAP_ASSIGN_OR_RETURN(const ImagesChoice images, ImagesFromFlags(program));
  NAP_ASSIGN_OR_RETURN(const DatasetPair data, OpenDataset(images.dataset, images.options));
  NAP_RETURN_IF_ERROR(CheckSameImages(&group, *data.train));
  NAP_RETURN_IF_ERROR(CheckSameImages(&group, *data.test));
  std::string note;
  NAP_ASSIGN_OR_RETURN(Genotype genotype, GenotypeOfRun(is_resumed, checkpoint, &note));
  NAP_ASSIGN_OR_RETURN(const TrainedNetwork model,
                       MakeModel(*data.train, std::move(genotype), checkpoint));
  NAP_RETURN_IF_ERROR(
      CheckSameText(&group, "cells", GenotypeToJson(model.description.spec.genotype)));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<NetworkTrainer> trainer,
                       NetworkTrainer::Create(options, model, &data));
  if (checkpoint != nullptr) NAP_RETURN_IF_ERROR(trainer->Load(*checkpoint));
  if (!group.is_first()) {
    CatchInterrupts(/*say=*/false);
    TrainingObserver observer;  // writes nothing
    return EndOfOthers(&group, trainer->Run(&observer).status());
  }
  if (!note.empty()) absl::FPrintF(stderr, "%s\n", note);
  NAP_ASSIGN_OR_RETURN(const Cost cost, NetworkCost(model.description));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<RunFolder> folder,
                       OpenRunFolder(run, kind, program_options));
  const std::string& out_dir = folder->path();
  NAP_RETURN_IF_ERROR(WriteFileAtomically(folder->File(run_file::kGenotype),
                                          GenotypeToJson(model.description.spec.genotype)));
  Reporter reporter(trainer.get(), &model.description, folder.get(), CheckpointsFromFlags(run));
  absl::PrintF(
      "%s %s, %d cells of %d channels (%.3f M parameters, %.1f M multiply-adds), on %d images of "
      "%d classes; %s; writing to %s\n",
      checkpoint != nullptr ? "Resuming the training of" : "Training", Shortened(FLAGS_genotype),
      model.network->spec().network.cells, model.network->spec().network.channels,
      cost.parameters / 1e6, cost.mult_adds / 1e6, data.train->size(), data.train->num_classes(),
      ComputingText(run), out_dir);
  std::fflush(stdout);

  CatchInterrupts();
  const absl::StatusOr<TrainingResult> result = trainer->Run(&reporter);
  if (absl::IsCancelled(result.status())) group.Leave();
  if (!result.ok()) return Unfinished(result.status(), out_dir, kind, group.size());
  absl::PrintF("Test accuracy: %.2f %% after the last epoch; the best, %.2f %%, after epoch %d.\n",
               100 * result->last_accuracy, 100 * result->best_accuracy, result->best_epoch);
  std::fflush(stdout);
  NAP_RETURN_IF_ERROR(reporter.Finish());
  absl::PrintF(
      "Written to %s: model.pt (after the last epoch), model.best.pt, metrics.jsonl, config.json, "
      "genotype.json, checkpoint.pt, report.html\nNext: %s\nHow a program of yours loads model.pt: "
      "docs/using_a_model.md\n",
      out_dir, EvaluateCommand(folder->File(run_file::kModel), images));
  group.Leave();
  return absl::OkStatus();
}

}  // namespace

int TrainNetwork(int argc, char** argv, const TrainingProgram& program) {
  SpinLess(argv);
  ProgramOptions options = RunProgramOptions(
      program.description, __FILE__, TrainingRun(program.name),
      {{"What is trained", {"preset", "genotype", "network", "channels", "cells", "weights"}},
       {"Training",
        {"epochs", "steps_per_epoch", "batch_size", "accumulate", "optimizer", "learning_rate",
         "learning_rate_batch", "learning_rate_warmup", "learning_rate_decay",
         "final_learning_rate", "momentum", "weight_decay", "gradient_clip", "ema", "class_weights",
         "sampling", "evaluation_images"}},
       {"Regularisation, augmentation",
        {"auxiliary_weight", "drop_path", "label_smoothing", "mixup", "crop_padding", "flip",
         "cutout", "random_resized_crop", "smallest_crop", "color_jitter", "randaugment",
         "randaugment_magnitude", "random_erasing"}}});
  options.choices.insert(
      options.choices.end(),
      {NamesOf("genotype", PublishedGenotypes()), NamesOf("network", NetworkNames()),
       NamesOf("optimizer", Optimizers()), NamesOf("class_weights", ClassWeightings()),
       NamesOf("sampling", Samplings()), NamesOf("learning_rate_decay", LearningRateDecays())});
  // The schedules of learning rate and drop path are then those of so many epochs.
  options.changeable_flags.insert({"epochs", "weights"});
  options.path_flags.insert("weights");
  return RunProgram(argc, argv, options, [&] { return Main(program, options); });
}

}  // namespace nap
