// Searches a cell on CIFAR-10, or on the built-in images.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/open_dataset.h"
#include "experiments/cifar_search_reporter.h"
#include "experiments/data_flags.h"
#include "experiments/linked_plugins.h"
#include "experiments/moved_flags.h"
#include "experiments/run.h"
#include "experiments/run_flags.h"
#include "experiments/search_front.h"
#include "experiments/search_length.h"
#include "nap/architecture/drawing.h"
#include "nap/base/interrupt.h"
#include "nap/base/name_list.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/schedule.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/report/duration.h"
#include "nap/report/front_record.h"
#include "nap/report/nas_bench_201_table.h"
#include "nap/report/run_folder.h"
#include "nap/report/run_schema.h"
#include "nap/report/search_record.h"
#include "nap/runtime/memory.h"
#include "nap/search/optimization.h"
#include "nap/search/searcher.h"
#include "nap/search_space/search_space.h"
#include "nap/training/checkpoint.h"
#include "ops/operation.h"

DEFINE_string(preset, "quick", "the flag file that sets the defaults");
DEFINE_string(method, "nap", "the flag file that chooses the search's parts, after the preset's");

DEFINE_string(search_space, "darts", "which cells there are, and how a network is made of them");
DEFINE_string(operations, "",
              "candidate operations, comma-separated; empty: the search space's own");
DEFINE_string(extra_operations, "", "candidates to add to them, comma-separated");
DEFINE_string(relaxation, "unnormalized", "how strengths become mixing weights");
DEFINE_string(criterion, "ablation", "what an operation is worth at a pruning milestone");
DEFINE_string(schedule, "cubic", "how many operations are pruned at each milestone");
DEFINE_string(optimization, "bilevel", "how weights and strengths share the images");

DEFINE_int32(channels, 16, "channels of the first cell");
DEFINE_int32(cells, 8, "cells of the supernet");
DEFINE_int32(
    operations_per_cell, 0,
    "operations that each cell type keeps; 0: the search space's own (darts: two a node), or any "
    "number with --max_parameters, --max_mult_adds or --max_latency_ms");
DEFINE_int32(operations_per_edge, 1, "operations that an edge keeps at most");
DEFINE_int32(operations_per_node, 0,
             "operations that a node sums at most; 0: any number; 2: as DARTS's own code can read");

DEFINE_double(max_parameters, 0,
              "prune until the final network has no more parameters; 0: any number");
DEFINE_double(max_mult_adds, 0,
              "prune until the final network has no more multiply-adds an image; 0: any number");
DEFINE_double(max_latency_ms, 0,
              "prune until the final network takes no longer, milliseconds, as --latency_table "
              "says; 0: any time");
DEFINE_string(latency_table, "",
              "CSV file with the latencies of the final network's parts, as tools:measure_latency "
              "makes it (docs/latency.md)");
DEFINE_double(cost_exponent, 0,
              "how much an operation's --cost in the final network counts against its criterion's "
              "score; 0: nothing");
DEFINE_string(cost, "mult_adds", "what --cost_exponent weighs");

DEFINE_int32(epochs, 50,
             "passes over the train part; warm-up and milestones follow in proportion unless they "
             "are given; 0, with --prune_end=0: nothing is trained");
DEFINE_int32(warmup_epochs, 15, "first epochs, which train weights only");
DEFINE_int32(prune_begin, 20, "epoch at whose end pruning begins; 0: before the first");
DEFINE_int32(prune_end, 50, "epoch at whose end the budget is met; 0: before the first");
DEFINE_int32(prune_every, 1, "epochs between pruning milestones");
DEFINE_int32(batch_size, 64, "images a step, of all processes together");
DEFINE_double(train_fraction, 0.5, "share of the images that trains weights; the rest validates");
DEFINE_string(
    valid_file, "",
    "names the images that validate, a line each; empty: drawn, as --train_fraction says");

DEFINE_double(learning_rate, 0.025, "of the weights, at the start");
DEFINE_double(final_learning_rate, 0.001, "of the weights, at the end of the cosine");
DEFINE_double(strength_learning_rate, 3e-4, "of the strengths (Adam)");
DEFINE_double(strength_weight_decay, 1e-3, "of the strengths");

DEFINE_string(strength_loss, "none", "what the strengths' loss has beside the network's");
DEFINE_double(
    auxiliary_skip, 0,
    "weight, at first, of one more skip-connection on every edge, which falls to zero over "
    "the search; 0: none");

DEFINE_double(operation_dropout, 0,
              "probability with which a candidate is left out of a warm-up step");

DEFINE_int32(cutout, 0, "side of the square cut out of each image, pixels; 0: none");

DEFINE_string(final_network, "cifar",
              "the final network, whose size is reported and may be limited; cifar: for the images "
              "searched on; imagenet: for 224 x 224 pixels and 1000 classes");
DEFINE_int32(
    final_channels, 0,
    "channels of its first cell; 0: the search space's own (darts: 36, or 48 for imagenet)");
DEFINE_int32(final_cells, 0,
             "its cells; 0: the search space's own (darts: 20, or 14 for imagenet)");

DEFINE_string(pareto, "",
              "keep several networks of one search, ever cheaper in this: a front "
              "(docs/fronts.md); empty: one network");
DEFINE_int32(points, 5, "how many of them, the search's own included");

DEFINE_string(nas_bench_201_table, "",
              "CSV file with the accuracy of NAS-Bench-201's cells, which judges the search after "
              "each epoch (nas_bench_201)");

namespace nap {
namespace {

bool HasDefault(const char* name) {
  const gflags::CommandLineFlagInfo flag = gflags::GetCommandLineFlagInfoOrDie(name);
  return flag.current_value == flag.default_value;
}

absl::StatusOr<SearchOptions> OptionsFromFlags() {
  SearchOptions options;
  options.search_space = FLAGS_search_space;
  options.relaxation = FLAGS_relaxation;
  options.criterion = FLAGS_criterion;
  options.schedule = FLAGS_schedule;
  options.optimization = FLAGS_optimization;
  options.operations = NamesIn(FLAGS_operations);
  if (!FLAGS_extra_operations.empty()) {
    if (options.operations.empty()) {
      NAP_ASSIGN_OR_RETURN(const auto space, MakeSearchSpace(FLAGS_search_space));
      options.operations = space->operations();
    }
    for (const std::string& name : NamesIn(FLAGS_extra_operations)) {
      options.operations.push_back(name);
    }
  }
  options.network.channels = FLAGS_channels;
  options.network.cells = FLAGS_cells;
  options.max_parameters = FLAGS_max_parameters;
  options.max_mult_adds = FLAGS_max_mult_adds;
  options.max_latency_ms = FLAGS_max_latency_ms;
  options.cost_exponent = FLAGS_cost_exponent;
  NAP_ASSIGN_OR_RETURN(options.cost, FindCostKind(FLAGS_cost));
  if (!FLAGS_latency_table.empty()) {
    NAP_ASSIGN_OR_RETURN(LatencyTable table, LatencyTable::Read(FLAGS_latency_table));
    options.latency = std::make_shared<const LatencyTable>(std::move(table));
  }
  if (!FLAGS_pareto.empty()) {
    NAP_ASSIGN_OR_RETURN(options.front, FindCostKind(FLAGS_pareto));
    NAP_RETURN_IF_ERROR(CheckRange("points", FLAGS_points, 2, kMostPoints));
    options.points = FLAGS_points;
  }
  options.budget.operations_per_cell = FLAGS_operations_per_cell;
  options.budget.operations_per_edge = FLAGS_operations_per_edge;
  options.budget.operations_per_node = FLAGS_operations_per_node;
  options.epochs = FLAGS_epochs;
  options.warmup_epochs = FLAGS_warmup_epochs;
  options.milestones = {FLAGS_prune_begin, FLAGS_prune_end, FLAGS_prune_every};
  options.batch_size = FLAGS_batch_size;
  options.steps_per_epoch = FLAGS_steps_per_epoch;
  options.train_fraction = FLAGS_train_fraction;
  options.valid_file = FLAGS_valid_file;
  options.evaluation_images = FLAGS_evaluation_images;
  options.learning_rate = FLAGS_learning_rate;
  options.final_learning_rate = FLAGS_final_learning_rate;
  options.momentum = FLAGS_momentum;
  options.weight_decay = FLAGS_weight_decay;
  options.gradient_clip = FLAGS_gradient_clip;
  options.strength_learning_rate = FLAGS_strength_learning_rate;
  options.strength_weight_decay = FLAGS_strength_weight_decay;
  options.strength_loss = FLAGS_strength_loss;
  options.auxiliary_skip = FLAGS_auxiliary_skip;
  options.operation_dropout = FLAGS_operation_dropout;
  options.crop_padding = FLAGS_crop_padding;
  options.flip = FLAGS_flip;
  options.cutout = FLAGS_cutout;
  options.workers = FLAGS_workers;
  options.seed = FLAGS_seed;
  options.backend = FLAGS_backend;
  options.recompute = FLAGS_recompute;
  NAP_ASSIGN_OR_RETURN(options.global_norms, GlobalNormsFromFlags(/*otherwise=*/true));
  NAP_RETURN_IF_ERROR(Validate(options));
  return options;
}

absl::Status CheckFlags() {
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_RETURN_IF_ERROR(CheckRunFlags());
  for (const char* flag : {"operations", "extra_operations"}) {
    const std::string value = gflags::GetCommandLineFlagInfoOrDie(flag).current_value;
    if (!value.empty() && NamesIn(value).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", value, " names nothing"));
    }
  }
  if (!FLAGS_valid_file.empty() && !HasDefault("train_fraction")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--train_fraction and --valid_file=", FLAGS_valid_file,
                     " both say which images validate; leave one out"));
  }
  if (FLAGS_pareto.empty() && !HasDefault("points")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--points=", FLAGS_points,
                     " is of a front, which --pareto asks for: latency, "
                     "mult_adds or parameters"));
  }
  NAP_RETURN_IF_ERROR(CheckRange("final_channels", FLAGS_final_channels, 0, kMostChannels));
  return CheckRange("final_cells", FLAGS_final_cells, 0, kMostCells);
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenTrainingImages() {
  DatasetOptions options = DatasetOptionsFromFlags();
  options.seed = FLAGS_seed;
  options.random_resized_crop = false;  // small images are cropped as CIFAR-10's are
  const std::string name = DatasetName();
  NAP_ASSIGN_OR_RETURN(DatasetPair pair, OpenDataset(name, options));
  if (name == kBuiltIn) {
    std::printf(
        "Searching on built-in drawings; `bazel run //tools:download_cifar10` fetches CIFAR-10 for "
        "--data_dir.\n");
  }
  return std::move(pair.train);
}

const RunKind& Kind() {
  static const auto* const kind = [] {
    auto* search = new RunKind(SearchRun("cifar_search"));
    search->plugins = kLinkedPlugins;
    return search;
  }();
  return *kind;
}

absl::StatusOr<FinalNetwork> FinalNetworkFromFlags(const SearchSpace& space,
                                                   const Dataset& images) {
  NAP_ASSIGN_OR_RETURN(const StemKind stem, FindStem(FLAGS_final_network));
  FinalNetwork final_network;
  final_network.network = space.usual_network(stem);
  if (stem == StemKind::kImageNet) {
    final_network.image = {224, 224};
  } else {
    final_network.image = {images.shape().height, images.shape().width};
    final_network.network.image_channels = images.shape().channels;
    final_network.network.classes = images.num_classes();
  }
  if (FLAGS_final_channels != 0) final_network.network.channels = FLAGS_final_channels;
  if (FLAGS_final_cells != 0) final_network.network.cells = FLAGS_final_cells;
  return final_network;
}

// Known before the search, so that a flag that is wrong is not found out after it.
absl::StatusOr<NetworkPlan> PlanOf(const NetworkOptions& network, const SearchSpace& space) {
  absl::StatusOr<NetworkPlan> plan = space.Plan(network);
  if (plan.ok()) return plan;
  return absl::InvalidArgumentError(absl::StrCat("--final_cells=", network.cells,
                                                 ", --final_channels=", network.channels, ": ",
                                                 plan.status().message()));
}

// Null if the flag is not given.
absl::StatusOr<std::unique_ptr<const NasBench201Table>> ReadTable(const SearchSpace& space) {
  if (FLAGS_nas_bench_201_table.empty()) return nullptr;
  NAP_ASSIGN_OR_RETURN(NasBench201Table table, NasBench201Table::Read(FLAGS_nas_bench_201_table));
  if (table.search_space().name() != space.name()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--nas_bench_201_table judges cells of --search_space=", table.search_space().name(),
        " only, not of ", space.name()));
  }
  return std::make_unique<const NasBench201Table>(std::move(table));
}

// What the search found and what it costs.
absl::Status PrintResult(const Genotype& genotype, const FinalNetwork& network,
                         const NetworkPlan& plan, const SearchSpace& space,
                         const LatencyTable* latencies, const NasBench201Table* table) {
  const std::vector<CellTopology>& cell_types = space.cell_types();
  NAP_ASSIGN_OR_RETURN(const Cost cost, NetworkCost(plan, cell_types, genotype, network.image));
  for (size_t cell = 0; cell < genotype.cells.size(); ++cell) {
    std::printf("\n%s  keeps %s\n",
                CellToText(genotype.cells[cell], cell_types[cell].num_inputs).c_str(),
                OperationCountsText(genotype.cells[cell]).c_str());
  }
  absl::PrintF(
      "\nWith %d cells of %d channels this makes a network of %.3f M parameters and %.1f M "
      "multiply-adds an image of %d x %d pixels.\n",
      network.network.cells, network.network.channels, cost.parameters / 1e6, cost.mult_adds / 1e6,
      network.image.height, network.image.width);
  if (latencies != nullptr) {
    NAP_ASSIGN_OR_RETURN(const double latency,
                         NetworkLatency(plan, cell_types, genotype, network.image, *latencies));
    absl::PrintF("Predicted latency: %.3f ms (%s).\n", latency, latencies->file());
  }
  if (space.text_is_name()) {
    absl::PrintF("Architecture: %s\n", NasBench201Table::Describe(space, genotype, table));
  }
  return absl::OkStatus();
}

std::string TrainCommand(const std::string& genotype, const SearchSpace& space,
                         const FinalNetwork& network) {
  std::string command =
      absl::StrCat(BazelRun("cifar_train", kLinkedPlugins), " --genotype=", ShellWord(genotype));
  if (!space.suits_presets()) {
    absl::StrAppend(&command, " --cells=", network.network.cells,
                    " --channels=", network.network.channels);
  }
  for (const std::string& name : ImageFlags()) {
    if (HasDefault(name.c_str())) continue;
    absl::StrAppend(&command, " --", name, "=",
                    ShellWord(gflags::GetCommandLineFlagInfoOrDie(name.c_str()).current_value));
  }
  return command;
}

// From a first look to the real thing: a genotype of real images is worth training.
std::string NextCommand(const std::string& genotype, const SearchSpace& space,
                        const FinalNetwork& network) {
  if (FLAGS_data_dir.empty() && FLAGS_dataset.empty()) {
    return absl::StrCat("bazel run //tools:download_cifar10 && ",
                        BazelRun(Kind().experiment, kLinkedPlugins), " --data_dir=datasets");
  }
  return TrainCommand(genotype, space, network);
}

// Of those that the search has written.
std::string FilesText(const RunFolder& folder, const FrontRecord* front) {
  std::string text = "genotype.json, genotype.txt, genotype.dot";
  if (std::filesystem::exists(folder.File(run_file::kGenotypeSvg))) {
    absl::StrAppend(&text, ", genotype.svg");
  }
  for (int point = 1; front != nullptr && point < static_cast<int>(front->points.size()); ++point) {
    absl::StrAppend(&text, ", ", GenotypeFileOf(point));
  }
  if (front != nullptr) absl::StrAppend(&text, ", ", run_file::kFront);
  return absl::StrCat(text,
                      ", metrics.jsonl, strengths.jsonl, config.json, checkpoint.pt, report.html");
}

// Warm-up and milestones follow from the epochs that were asked for.
absl::Status FitLengthToEpochs(const std::set<std::string>& given,
                               const ProgramOptions::Values& usual) {
  const auto of = [&usual](const char* flag) {
    int value = 0;
    CHECK(absl::SimpleAtoi(usual.at(flag), &value)) << flag;
    return value;
  };
  const SearchLength fitted = InProportion(
      {of("epochs"), of("warmup_epochs"), of("prune_begin"), of("prune_end"), of("prune_every")},
      {FLAGS_epochs, FLAGS_warmup_epochs, FLAGS_prune_begin, FLAGS_prune_end, FLAGS_prune_every},
      given);
  FLAGS_warmup_epochs = fitted.warmup_epochs;
  FLAGS_prune_begin = fitted.prune_begin;
  FLAGS_prune_end = fitted.prune_end;
  FLAGS_prune_every = fitted.prune_every;
  return absl::OkStatus();
}

const ProgramOptions& Program() {
  static const auto* const program = [] {
    auto* options = new ProgramOptions(RunProgramOptions(
        "searches a network by pruning, on CIFAR-10 or on built-in drawings", __FILE__, Kind(),
        {{"What is searched, and how far", {"preset", "method"}},
         {"Search space", {"search_space", "operations", "extra_operations", "channels", "cells"}},
         {"Strengths and pruning",
          {"relaxation", "strength_loss", "criterion", "schedule", "warmup_epochs", "prune_begin",
           "prune_end", "prune_every", "operation_dropout", "auxiliary_skip"}},
         {"Budget, final network",
          {"operations_per_cell", "operations_per_edge", "operations_per_node", "max_parameters",
           "max_mult_adds", "max_latency_ms", "latency_table", "cost_exponent", "cost",
           "final_network", "final_channels", "final_cells", "pareto", "points",
           "nas_bench_201_table"}},
         {"Training of the supernet",
          {"optimization", "epochs", "steps_per_epoch", "batch_size", "train_fraction",
           "valid_file", "learning_rate", "final_learning_rate", "momentum", "weight_decay",
           "gradient_clip", "strength_learning_rate", "strength_weight_decay", "crop_padding",
           "flip", "cutout", "evaluation_images"}}}));
    options->flag_files.push_back({"method", "experiments/methods"});
    options->free_flags.insert("nas_bench_201_table");
    options->path_flags.insert({"latency_table", "nas_bench_201_table", "valid_file"});
    options->changeable_flags.insert({"latency_table", "valid_file"});
    options->deciding_files = {"latency_table", "valid_file"};
    options->complete = FitLengthToEpochs;
    options->why_fixed["epochs"] =
        "when a search prunes follows from its epochs: to search longer, begin anew";
    options->parts.insert(options->parts.end(),
                          {PartFlagOf<SearchSpaceDefinition>("search_space"),
                           PartFlagOf<RelaxationDefinition>("relaxation"),
                           PartFlagOf<PruningCriterionDefinition>("criterion"),
                           PartFlagOf<PruningScheduleDefinition>("schedule"),
                           PartFlagOf<OptimizationDefinition>("optimization"),
                           PartFlagOf<StrengthLossDefinition>("strength_loss")});
    options->choices.insert(options->choices.end(),
                            {ChoicesOf<OperationDefinition>("operations"),
                             NamesOf("extra_operations", OperationRegistry::Global().Names()),
                             NamesOf("final_network", NetworkNames()),
                             NamesOf("cost", CostKindNames()), NamesOf("pareto", CostKindNames())});
    options->moved_flags = MovedFlags();
    return options;
  }();
  return *program;
}

// Of a process that is not rank 0, which writes nothing.
class SilentObserver final : public SearchObserver {
 public:
  absl::Status OnStep(const SearchStepReport&) override { return absl::OkStatus(); }
  absl::Status OnEpoch(const SearchEpochReport&) override { return absl::OkStatus(); }
};

absl::Status Main() {
  NAP_RETURN_IF_ERROR(CheckFlags());
  NAP_ASSIGN_OR_RETURN(SearchOptions options, OptionsFromFlags());
  NAP_ASSIGN_OR_RETURN(const RunBegin run, BeginRun(Kind(), Program()));
  if (run.is_finished) return SayFinished(run, Kind());
  ProcessGroup& group = *run.processes.group;
  NAP_ASSIGN_OR_RETURN(options.device, DeviceFromFlags(run));
  options.processes = run.processes.group;
  const Checkpoint* const checkpoint = run.checkpoint.get();
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> images, OpenTrainingImages());
  NAP_RETURN_IF_ERROR(CheckSameImages(&group, *images));
  NAP_ASSIGN_OR_RETURN(const auto space, MakeSearchSpace(FLAGS_search_space));
  NAP_ASSIGN_OR_RETURN(options.final_network, FinalNetworkFromFlags(*space, *images));
  NAP_ASSIGN_OR_RETURN(const NetworkPlan final_plan, PlanOf(options.final_network.network, *space));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Searcher> searcher,
                       Searcher::Create(options, images.get()));
  if (checkpoint != nullptr) NAP_RETURN_IF_ERROR(searcher->Load(*checkpoint));
  if (!group.is_first()) {
    CatchInterrupts(/*say=*/false);
    SilentObserver observer;
    return EndOfOthers(&group, searcher->Run(&observer).status());
  }
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<const NasBench201Table> table, ReadTable(*space));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<RunFolder> folder,
                       OpenRunFolder(run, Kind(), Program()));
  const std::string& out_dir = folder->path();
  NAP_ASSIGN_OR_RETURN(const Checkpointer::Options checkpoints,
                       CheckpointsFromFlags(run, Program()));
  Reporter reporter(searcher.get(), folder.get(), FLAGS_log_every, checkpoints, table.get());
  if (checkpoint != nullptr) NAP_RETURN_IF_ERROR(reporter.Load(*checkpoint));
  absl::PrintF("%s %d cells of %d channels on %d images with %s; %s; writing to %s\n",
               checkpoint != nullptr ? "Resuming the search of" : "Searching", FLAGS_cells,
               FLAGS_channels, images->size(), FLAGS_relaxation, ComputingText(run), out_dir);
  const std::string remark_before = space->RemarkOnSearch(FLAGS_operations_per_node);
  if (!remark_before.empty()) std::printf("%s\n", remark_before.c_str());
  std::fflush(stdout);

  CatchInterrupts();
  const absl::StatusOr<Genotype> genotype = searcher->Run(&reporter);
  if (absl::IsCancelled(genotype.status())) group.Leave();
  if (!genotype.ok()) return Unfinished(genotype.status(), out_dir, Kind(), group.size());
  std::optional<FrontRecord> front;
  if (!FLAGS_pareto.empty()) {
    NAP_ASSIGN_OR_RETURN(front, MakeFrontRecord(searcher->Front(), options, *space));
  }
  // First on the screen: there it stays if the disk is full.
  NAP_RETURN_IF_ERROR(PrintResult(*genotype, options.final_network, final_plan, *space,
                                  options.latency.get(), table.get()));
  if (!std::isnan(reporter.seconds_to_cell())) {
    absl::PrintF("The cell was complete %s after the start. ",
                 FormatDuration(reporter.seconds_to_cell()));
  }
  if (!std::isnan(reporter.accuracy())) {
    absl::PrintF("Validation accuracy of the supernet in its last epoch: %.1f %%. ",
                 100 * reporter.accuracy());
  }
  absl::PrintF("Peak memory: %.2f GB.\n", PeakMemoryBytes() / 1e9);
  if (front.has_value()) std::printf("\n%s\n", FrontText(*front).c_str());
  std::fflush(stdout);
  if (front.has_value()) NAP_RETURN_IF_ERROR(WriteFront(*front, *folder));
  NAP_RETURN_IF_ERROR(WriteGenotype(*genotype, *space, folder.get()));
  NAP_RETURN_IF_ERROR(folder->Finish());
  reporter.Finish();
  std::printf("Written to %s: %s\n", out_dir.c_str(),
              FilesText(*folder, front.has_value() ? &*front : nullptr).c_str());
  const std::string remark = space->RemarkOn(*genotype);
  if (!remark.empty()) std::printf("%s\n", remark.c_str());
  std::printf(
      "Next: %s\n",
      NextCommand(folder->File(run_file::kGenotype), *space, options.final_network).c_str());
  const int other = front.has_value() ? OtherPointOf(*front) : -1;
  if (other >= 0) {
    std::printf(
        "To train another point: %s\n",
        TrainCommand(folder->File(GenotypeFileOf(other)), *space, options.final_network).c_str());
  }
  group.Leave();
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::SpinLess(argv);
  return nap::RunProgram(argc, argv, nap::Program(), nap::Main);
}
