#include "experiments/search_flags.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/open_dataset.h"
#include "experiments/data_flags.h"
#include "experiments/moved_search_flags.h"
#include "experiments/run_flags.h"
#include "experiments/search_length.h"
#include "nap/base/name_list.h"
#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"
#include "nap/model/latency_table.h"
#include "nap/pruning/criterion.h"
#include "nap/pruning/schedule.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/search/optimization.h"
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

// They are no mistake: a comparison gives the same to methods that train and to those that do not.
void WarnOfTrainingFlags(const std::set<std::string>& given) {
  std::vector<std::string> idle;
  for (const char* flag :
       {"optimization", "steps_per_epoch", "learning_rate", "final_learning_rate", "momentum",
        "weight_decay", "gradient_clip", "strength_learning_rate", "strength_weight_decay",
        "strength_loss", "operation_dropout", "evaluation_images"}) {
    if (given.count(flag) > 0) idle.push_back(absl::StrCat("--", flag));
  }
  if (idle.empty()) return;
  LOG(WARNING) << "without effect, since with --epochs=0 nothing is trained: "
               << absl::StrJoin(idle, ", ");
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
  if (FLAGS_epochs == 0) {
    WarnOfTrainingFlags(given);
  } else if (FLAGS_warmup_epochs == 0 && FLAGS_operation_dropout > 0) {
    LOG(WARNING) << "without effect, since there is no warm-up: --operation_dropout";
  }
  return absl::OkStatus();
}

}  // namespace

ProgramOptions SearchProgramOptions(const RunKind& kind) {
  ProgramOptions options = RunProgramOptions(
      "searches a network by pruning, on CIFAR-10, images of yours or built-in drawings", __FILE__,
      kind,
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
        {"optimization", "epochs", "steps_per_epoch", "batch_size", "train_fraction", "valid_file",
         "learning_rate", "final_learning_rate", "momentum", "weight_decay", "gradient_clip",
         "strength_learning_rate", "strength_weight_decay", "crop_padding", "flip", "cutout",
         "evaluation_images"}}});
  options.flag_files.push_back({"method", "experiments/methods"});
  options.free_flags.insert("nas_bench_201_table");
  options.path_flags.insert({"latency_table", "nas_bench_201_table", "valid_file"});
  options.changeable_flags.insert({"latency_table", "valid_file"});
  options.deciding_files = {"latency_table", "valid_file"};
  options.complete = FitLengthToEpochs;
  options.why_fixed["epochs"] =
      "when a search prunes follows from its epochs: to search longer, begin anew";
  options.parts.insert(options.parts.end(), {PartFlagOf<SearchSpaceDefinition>("search_space"),
                                             PartFlagOf<RelaxationDefinition>("relaxation"),
                                             PartFlagOf<PruningCriterionDefinition>("criterion"),
                                             PartFlagOf<PruningScheduleDefinition>("schedule"),
                                             PartFlagOf<OptimizationDefinition>("optimization"),
                                             PartFlagOf<StrengthLossDefinition>("strength_loss")});
  options.choices.insert(options.choices.end(),
                         {ChoicesOf<OperationDefinition>("operations"),
                          NamesOf("extra_operations", OperationRegistry::Global().Names()),
                          NamesOf("final_network", NetworkNames()),
                          NamesOf("cost", CostKindNames()), NamesOf("pareto", CostKindNames())});
  const std::vector<MovedFlag> moved = MovedSearchFlags();
  options.moved_flags.insert(options.moved_flags.end(), moved.begin(), moved.end());
  return options;
}

absl::Status CheckSearchFlags() {
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

absl::StatusOr<SearchOptions> SearchOptionsFromFlags() {
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
  if (FLAGS_cost_exponent == 0 && !HasDefault("cost")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--cost=", FLAGS_cost, " is what --cost_exponent weighs, which is 0"));
  }
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
  NAP_ASSIGN_OR_RETURN(options.global_norms, GlobalNormsFromFlags(/*otherwise=*/true));
  NAP_RETURN_IF_ERROR(Validate(options));
  return options;
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenSearchedImages() {
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

absl::StatusOr<std::unique_ptr<const AccuracyTable>> ReadTableFromFlags(const SearchSpace& space) {
  if (FLAGS_nas_bench_201_table.empty()) return nullptr;
  NAP_ASSIGN_OR_RETURN(AccuracyTable table, AccuracyTable::Read(FLAGS_nas_bench_201_table));
  if (table.search_space().name() != space.name()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--nas_bench_201_table judges cells of --search_space=", table.search_space().name(),
        " only, not of ", space.name()));
  }
  return std::make_unique<const AccuracyTable>(std::move(table));
}

}  // namespace nap
