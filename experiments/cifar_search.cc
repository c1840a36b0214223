// Searches a cell on CIFAR-10, on images of one's own or on built-in drawings.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "experiments/cifar_search_reporter.h"
#include "experiments/data_flags.h"
#include "experiments/linked_plugins.h"
#include "experiments/run.h"
#include "experiments/run_flags.h"
#include "experiments/search_flags.h"
#include "experiments/search_front.h"
#include "nap/architecture/drawing.h"
#include "nap/base/interrupt.h"
#include "nap/base/parameters.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/model/latency_table.h"
#include "nap/model/network_cost.h"
#include "nap/report/accuracy_table.h"
#include "nap/report/duration.h"
#include "nap/report/front_record.h"
#include "nap/report/run_folder.h"
#include "nap/report/run_schema.h"
#include "nap/report/search_record.h"
#include "nap/runtime/memory.h"
#include "nap/search/searcher.h"
#include "nap/search_space/search_space.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

const RunKind& Kind() {
  static const auto* const kind = [] {
    auto* search = new RunKind(SearchRun("cifar_search"));
    search->plugins = kLinkedPlugins;
    return search;
  }();
  return *kind;
}

// Known before the search, so that a flag that is wrong is not found out after it.
absl::StatusOr<NetworkPlan> PlanOf(const NetworkOptions& network, const SearchSpace& space) {
  absl::StatusOr<NetworkPlan> plan = space.Plan(network);
  if (plan.ok()) return plan;
  return absl::InvalidArgumentError(absl::StrCat("--final_cells=", network.cells,
                                                 ", --final_channels=", network.channels, ": ",
                                                 plan.status().message()));
}

// What the search found and what it costs.
absl::Status PrintResult(const Genotype& genotype, const FinalNetwork& network,
                         const NetworkPlan& plan, const SearchSpace& space,
                         const LatencyTable* latencies, const AccuracyTable* table) {
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
    absl::PrintF("Architecture: %s\n", AccuracyTable::Describe(space, genotype, table));
  }
  return absl::OkStatus();
}

// Whether a training must be told the network's size: its presets' is another one.
bool HasOwnSize(const SearchOptions& options, const SearchSpace& space) {
  return !space.suits_presets() || FLAGS_final_cells > 0 || FLAGS_final_channels > 0 ||
         options.HasCostLimit() || options.points > 1;
}

std::string TrainCommand(const std::string& genotype, const SearchSpace& space,
                         const SearchOptions& options) {
  const NetworkOptions& network = options.final_network.network;
  const bool is_cifar = network.stem == StemKind::kCifar;
  std::string command = absl::StrCat(
      BazelRun(is_cifar ? "//experiments:cifar_train" : "//experiments:imagenet_transfer",
               kLinkedPlugins),
      " --genotype=", ShellWord(genotype));
  if (HasOwnSize(options, space)) {
    absl::StrAppend(&command, " --cells=", network.cells, " --channels=", network.channels);
  }
  if (!is_cifar) return absl::StrCat(command, " --preset=paper --data_dir=IMAGENET");
  return absl::StrCat(command, GivenFlags(ImageFlags()));
}

// From a first look to the real thing: a genotype of real images is worth training.
std::string NextCommand(const std::string& genotype, const SearchSpace& space,
                        const SearchOptions& options) {
  if (FLAGS_data_dir.empty() && FLAGS_dataset.empty()) {
    return absl::StrCat("bazel run //tools:download_cifar10 && ",
                        BazelRun("//experiments:" + Kind().experiment, kLinkedPlugins),
                        " --data_dir=datasets");
  }
  return TrainCommand(genotype, space, options);
}

// What is searched, and by what.
std::string SearchText(const SearchOptions& options, int64_t images) {
  const NetworkOptions& network = options.network;
  if (options.epochs == 0) {
    return absl::StrCat("cells of ", network.channels, " channels on ", images,
                        " images, without training (criterion ", options.criterion, ")");
  }
  return absl::StrCat(network.cells, " cells of ", network.channels, " channels on ", images,
                      " images (relaxation ", options.relaxation, ", criterion ", options.criterion,
                      ")");
}

// What docs/experiments.md has measured.
std::string RemarkOnLimit(const SearchOptions& options) {
  if (!options.HasCostLimit() || SplitName(options.search_space).name != "darts" ||
      SplitName(options.criterion).name != "activation_kernel") {
    return "";
  }
  return "Within a limit this criterion has found no better cells than chance, "
         "--method=successive_halving has (docs/experiments.md).";
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

const ProgramOptions& Program() {
  static const auto* const program = new ProgramOptions(SearchProgramOptions(Kind()));
  return *program;
}

// What was found and what comes next: first on the screen, where it stays if the disk is full, then
// in the folder.
absl::Status TellResult(const Genotype& genotype, const Searcher& searcher,
                        const SearchOptions& options, const SearchSpace& search_space,
                        const NetworkPlan& final_plan, const AccuracyTable* table,
                        RunFolder* folder, Reporter* reporter) {
  std::optional<FrontRecord> front;
  if (options.points > 1) {
    NAP_ASSIGN_OR_RETURN(front, MakeFrontRecord(searcher.Front(), options, search_space));
  }
  NAP_RETURN_IF_ERROR(PrintResult(genotype, options.final_network, final_plan, search_space,
                                  options.latency.get(), table));
  if (!std::isnan(reporter->seconds_to_cell())) {
    absl::PrintF("The cell was complete %s after the start. ",
                 FormatDuration(reporter->seconds_to_cell()));
  }
  if (!std::isnan(reporter->accuracy())) {
    absl::PrintF("Validation accuracy of the supernet in its last epoch: %.1f %%. ",
                 100 * reporter->accuracy());
  }
  absl::PrintF("Peak memory: %.2f GB", PeakMemoryBytes() / 1e9);
  if (const int64_t of_gpus = PeakGpuMemoryBytes(); of_gpus > 0) {
    absl::PrintF(", and %.2f GB of the GPU's", of_gpus / 1e9);
  }
  std::printf(".\n");
  if (front.has_value()) std::printf("\n%s\n", FrontText(*front).c_str());
  std::fflush(stdout);
  if (front.has_value()) NAP_RETURN_IF_ERROR(WriteFront(*front, *folder));
  NAP_RETURN_IF_ERROR(WriteGenotype(genotype, search_space, folder));
  NAP_RETURN_IF_ERROR(folder->Finish());
  reporter->Finish();
  std::printf("Written to %s: %s\n", folder->path().c_str(),
              FilesText(*folder, front.has_value() ? &*front : nullptr).c_str());
  std::printf("Next: %s\n",
              NextCommand(folder->File(run_file::kGenotype), search_space, options).c_str());
  const int other = front.has_value() ? OtherPointOf(*front) : -1;
  if (other >= 0) {
    std::printf("To train another point: %s\n",
                TrainCommand(folder->File(GenotypeFileOf(other)), search_space, options).c_str());
  }
  return absl::OkStatus();
}

absl::Status Main() {
  NAP_RETURN_IF_ERROR(CheckSearchFlags());
  NAP_ASSIGN_OR_RETURN(SearchOptions options, SearchOptionsFromFlags());
  NAP_ASSIGN_OR_RETURN(const RunBegin run, BeginRun(Kind(), Program()));
  if (run.is_finished) return SayFinished(run, Kind());
  ProcessGroup& group = *run.processes.group;
  NAP_ASSIGN_OR_RETURN(options.device, DeviceFromFlags(run));
  options.processes = run.processes.group;
  const Checkpoint* const checkpoint = run.checkpoint.get();
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> images, OpenSearchedImages());
  NAP_RETURN_IF_ERROR(CheckSameImages(&group, *images));
  NAP_ASSIGN_OR_RETURN(const auto space, MakeSearchSpace(options.search_space));
  NAP_ASSIGN_OR_RETURN(options.final_network, FinalNetworkFromFlags(*space, *images));
  NAP_ASSIGN_OR_RETURN(const NetworkPlan final_plan, PlanOf(options.final_network.network, *space));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Searcher> searcher,
                       Searcher::Create(options, images.get()));
  if (checkpoint != nullptr) NAP_RETURN_IF_ERROR(searcher->Load(*checkpoint));
  if (!group.is_first()) {
    CatchInterrupts(/*say=*/false);
    SearchObserver observer;  // writes nothing
    return EndOfOthers(&group, searcher->Run(&observer).status());
  }
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<const AccuracyTable> table,
                       ReadTableFromFlags(*space));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<RunFolder> folder,
                       OpenRunFolder(run, Kind(), Program()));
  const std::string& out_dir = folder->path();
  Reporter reporter(searcher.get(), folder.get(), FLAGS_log_every, CheckpointsFromFlags(run),
                    table.get());
  if (checkpoint != nullptr) NAP_RETURN_IF_ERROR(reporter.Load(*checkpoint));
  absl::PrintF("%s %s; %s; writing to %s\n",
               checkpoint != nullptr ? "Resuming the search of" : "Searching",
               SearchText(options, images->size()), ComputingText(run), out_dir);
  for (const std::string& remark :
       {space->RemarkOnSearch(options.budget.operations_per_node), RemarkOnLimit(options)}) {
    if (!remark.empty()) std::printf("%s\n", remark.c_str());
  }
  std::fflush(stdout);

  CatchInterrupts();
  const absl::StatusOr<Genotype> genotype = searcher->Run(&reporter);
  if (absl::IsCancelled(genotype.status())) group.Leave();
  if (!genotype.ok()) return Unfinished(genotype.status(), out_dir, Kind(), group.size());
  NAP_RETURN_IF_ERROR(TellResult(*genotype, *searcher, options, *space, final_plan, table.get(),
                                 folder.get(), &reporter));
  group.Leave();
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::SpinLess(argv);
  return nap::RunProgram(argc, argv, nap::Program(), nap::Main);
}
