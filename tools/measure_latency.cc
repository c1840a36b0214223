// Times the parts of networks on this machine, for searches with a limit in milliseconds.
#include <ATen/core/Tensor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype.h"
#include "nap/base/clock.h"
#include "nap/base/files.h"
#include "nap/base/name_list.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/random.h"
#include "nap/base/statistics.h"
#include "nap/base/status_macros.h"
#include "nap/export/frozen_script.h"
#include "nap/model/latency_table.h"
#include "nap/pruning/pruner.h"
#include "nap/pruning/random_scores.h"
#include "nap/report/progress_line.h"
#include "nap/report/text_table.h"
#include "nap/runtime/device.h"
#include "nap/runtime/threads.h"
#include "nap/search/candidate_space.h"
#include "nap/search_space/search_space.h"
#include "ops/operation.h"
#include "tools/network_flags.h"

DEFINE_string(search_space, "darts", "whose final networks are meant");
DEFINE_string(operations, "",
              "candidate operations, comma-separated; empty: the search space's own");
DEFINE_string(out, "latency.csv", "the table to write");
DEFINE_string(check, "",
              "a table, which is compared with the latencies of --networks whole networks instead "
              "of making one");
DEFINE_int32(
    networks, -1,
    "random networks that are timed as a whole, to find what they take beyond their parts; "
    "0: none, then a network is the sum of its parts; -1: 16, or 50 with --check");
DEFINE_int32(batch_size, 1, "images that are classified at once");
DEFINE_int32(rounds, 150, "calls of everything, in turn, behind a few that are not counted");
DEFINE_double(quantile, 0.5,
              "which of the times of all calls is taken, from 0, the least, to 1; 0.5: the median; "
              "less where other programs disturb it");
DEFINE_uint64(seed, 0, "of the random networks");
DEFINE_string(device, "cpu", "what computes; auto: a GPU if there is one, else the CPU");
DEFINE_int32(threads, 1, "threads that compute; 0: all cores");

namespace nap {
namespace {

// Tell the random streams of one seed apart, so that a table is checked with other networks than
// those that it was fitted to.
constexpr uint64_t kFitStream = 1, kCheckStream = 2, kOrderStream = 3;

constexpr int kWarmUpRounds = 3;

// Of a table's rows, whatever their differences from an empty call are.
constexpr double kLeastMilliseconds = 1e-6;

// What all is about.
struct Setting {
  std::unique_ptr<SearchSpace> search_space;
  CandidateSpace space;
  NetworkFromFlags shape;
  NetworkPlan plan;
  c10::Device device = c10::Device(c10::kCPU);
};

absl::StatusOr<Setting> SettingFromFlags() {
  NAP_RETURN_IF_ERROR(CheckRange("networks", FLAGS_networks, -1, 10000));
  NAP_RETURN_IF_ERROR(CheckOption(FLAGS_check.empty() || FLAGS_networks != 0, "networks", 0,
                                  "must leave something to --check"));
  NAP_RETURN_IF_ERROR(CheckRange("batch_size", FLAGS_batch_size, 1, 1e6));
  NAP_RETURN_IF_ERROR(CheckRange("rounds", FLAGS_rounds, 1, 1e6));
  NAP_RETURN_IF_ERROR(CheckRange("quantile", FLAGS_quantile, 0, 1));
  NAP_RETURN_IF_ERROR(CheckRange("threads", FLAGS_threads, 0, kMostThreads));
  Setting setting;
  NAP_ASSIGN_OR_RETURN(setting.search_space, MakeSearchSpace(FLAGS_search_space));
  NAP_ASSIGN_OR_RETURN(setting.space,
                       MakeCandidateSpace(*setting.search_space, NamesIn(FLAGS_operations)));
  NAP_ASSIGN_OR_RETURN(setting.shape, FindNetworkFromFlags(setting.search_space->name()));
  NAP_ASSIGN_OR_RETURN(setting.plan, setting.search_space->Plan(setting.shape.network));
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice({FLAGS_device}));
  UseDevice(device, /*deterministic=*/false);
  UseThreads(FLAGS_threads);
  setting.device = device.device;
  return setting;
}

// Something that is called again and again, and how long each call took.
struct Timed {
  FrozenScript script;
  std::vector<double> milliseconds = {};

  void Call(const c10::Device& device) {
    const double begin = MonotonicSeconds();
    script.Run();
    if (device.is_cuda()) torch::cuda::synchronize(device.index());
    milliseconds.push_back(1e3 * (MonotonicSeconds() - begin));
  }
};

double QuantileOf(std::vector<double> values, double quantile) {
  const auto place =
      values.begin() +
      static_cast<std::ptrdiff_t>(std::lround(quantile * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double LatencyOf(const Timed& timed) { return QuantileOf(timed.milliseconds, FLAGS_quantile); }

// The median distance from it.
double SpreadOf(const Timed& timed) {
  const double latency = LatencyOf(timed);
  std::vector<double> distances;
  for (const double value : timed.milliseconds) distances.push_back(std::abs(value - latency));
  return QuantileOf(distances, 0.5);
}

// In rounds, so that what disturbs the machine for a while disturbs all of them, each in another
// order, so that caches hold other things when a part is called, as they do in a network.
void TimeAll(const Setting& setting, std::vector<Timed>* all) {
  RandomStream random({FLAGS_seed, kOrderStream});
  const auto call_all = [&](const char* done, int rounds) {
    ProgressLine progress(done, rounds, "rounds");
    for (Timed& timed : *all) timed.milliseconds.clear();
    for (int round = 0; round < rounds; ++round) {
      for (const int64_t place : random.Permutation(static_cast<int64_t>(all->size()))) {
        (*all)[static_cast<size_t>(place)].Call(setting.device);
      }
      progress.Done();
    }
  };
  // TorchScript compiles in the first calls.
  call_all("warmed up in", kWarmUpRounds);
  call_all("timed", FLAGS_rounds);
}

// As many operations as a search of the space keeps, left by pruning at random.
absl::StatusOr<Genotype> RandomGenotype(const Setting& setting, uint64_t stream, int number) {
  PrunerOptions options;
  options.operations_per_cell = setting.search_space->operations_per_cell();
  NAP_ASSIGN_OR_RETURN(const Pruner pruner,
                       Pruner::Create(setting.space, options, [](double) { return 0.; }));
  const NumberTable scores = RandomScores(
      setting.space, RandomStream({FLAGS_seed, stream, static_cast<uint64_t>(number)}));
  LivingTable living(setting.space, true);
  NAP_RETURN_IF_ERROR(pruner.Prune(scores, /*progress=*/1, &living).status());
  return GenotypeOf(setting.search_space->name(), setting.space, living);
}

absl::Status AddNetworks(const Setting& setting, const std::vector<Genotype>& genotypes,
                         std::vector<Timed>* all) {
  for (const Genotype& genotype : genotypes) {
    NAP_ASSIGN_OR_RETURN(FrozenScript script,
                         FreezeNetwork({genotype, setting.shape.network}, setting.shape.image,
                                       FLAGS_batch_size, setting.device));
    all->push_back({std::move(script)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Genotype>> RandomGenotypes(const Setting& setting, uint64_t stream,
                                                      int count) {
  std::vector<Genotype> genotypes;
  for (int i = 0; i < count; ++i) {
    NAP_ASSIGN_OR_RETURN(Genotype genotype, RandomGenotype(setting, stream, i));
    genotypes.push_back(std::move(genotype));
  }
  return genotypes;
}

std::string ShapeText(const Setting& setting) {
  const NetworkFromFlags& shape = setting.shape;
  return absl::StrFormat("%d cells of %d channels, %d classes, %s", shape.network.cells,
                         shape.network.channels, shape.network.classes, ImageText(shape));
}

// Predictions, one a network, by the table.
absl::StatusOr<std::vector<double>> Predict(const Setting& setting,
                                            const std::vector<Genotype>& genotypes,
                                            const LatencyTable& table) {
  NAP_ASSIGN_OR_RETURN(const NetworkCostModel<int64_t> model,
                       MakeLatencyModel(setting.plan, setting.space, setting.shape.image, table));
  std::vector<double> predictions;
  for (const Genotype& genotype : genotypes) {
    predictions.push_back(static_cast<double>(model.Of(genotype)) / kNanosecondsAMillisecond);
  }
  return predictions;
}

// How far predictions are off, as a share of what was measured.
std::vector<double> ErrorsOf(const std::vector<double>& predicted,
                             const std::vector<double>& measured) {
  std::vector<double> errors;
  for (size_t i = 0; i < measured.size(); ++i) {
    errors.push_back(std::abs(predicted[i] / measured[i] - 1));
  }
  return errors;
}

std::string ErrorText(const std::vector<double>& errors) {
  return absl::StrFormat("mean error %.1f %%, largest %.1f %%", 100 * StatisticsOf(errors).mean,
                         100 * *std::max_element(errors.begin(), errors.end()));
}

struct MeasuredRow {
  LatencyRow row;
  double milliseconds;
  double spread;
};

// With all latencies times the factor.
std::string TableText(const std::vector<MeasuredRow>& rows, double factor) {
  std::string text = absl::StrCat(kLatencyHeader, "\n");
  for (const MeasuredRow& row : rows) {
    absl::StrAppendFormat(&text, "%s,%.6f,%.6f\n", row.row.Text(),
                          std::max(kLeastMilliseconds, factor * row.milliseconds),
                          factor * row.spread);
  }
  return text;
}

std::string CommentText(const Setting& setting) {
  return absl::StrFormat(
      "# %s of %s, %s\n# device %s, --threads=%d, batches of %d, LibTorch %s; quantile %g of %d "
      "calls\n",
      setting.search_space->name(), FLAGS_network, ShapeText(setting), setting.device.str(),
      UseThreads(FLAGS_threads), FLAGS_batch_size, TORCH_VERSION, FLAGS_quantile, FLAGS_rounds);
}

absl::Status Measure(const Setting& setting) {
  NAP_RETURN_IF_ERROR(PrepareToWrite(FLAGS_out));
  NAP_ASSIGN_OR_RETURN(const std::vector<LatencyRow> rows,
                       LatencyRowsOf(setting.plan, setting.space, setting.shape.image));
  std::vector<Timed> all;
  all.push_back({FreezeNothing(setting.device)});
  for (const LatencyRow& row : rows) {
    NAP_ASSIGN_OR_RETURN(FrozenScript script, FreezePart(row, FLAGS_batch_size, setting.device));
    all.push_back({std::move(script)});
  }
  NAP_ASSIGN_OR_RETURN(
      const std::vector<Genotype> genotypes,
      RandomGenotypes(setting, kFitStream, FLAGS_networks < 0 ? 16 : FLAGS_networks));
  NAP_RETURN_IF_ERROR(AddNetworks(setting, genotypes, &all));
  TimeAll(setting, &all);
  const double call = LatencyOf(all.front());
  std::vector<MeasuredRow> measured;
  for (size_t i = 0; i < rows.size(); ++i) {
    measured.push_back({rows[i], LatencyOf(all[1 + i]) - call, SpreadOf(all[1 + i])});
  }
  std::string comments = CommentText(setting);
  double factor = 1;
  if (!genotypes.empty()) {
    NAP_ASSIGN_OR_RETURN(const LatencyTable plain,
                         LatencyTable::Parse(TableText(measured, factor), FLAGS_out));
    NAP_ASSIGN_OR_RETURN(std::vector<double> predicted, Predict(setting, genotypes, plain));
    std::vector<double> networks, factors;
    for (size_t i = 0; i < genotypes.size(); ++i) {
      networks.push_back(LatencyOf(all[1 + rows.size() + i]));
      factors.push_back(networks.back() / predicted[i]);
    }
    factor = QuantileOf(factors, 0.5);
    for (double& prediction : predicted) prediction *= factor;
    const std::string line = absl::StrFormat(
        "%d random networks take %.3f times the sum of their parts, which is in the rows: %s",
        genotypes.size(), factor, ErrorText(ErrorsOf(predicted, networks)));
    absl::PrintF("%s\n", line);
    absl::StrAppend(&comments, "# ", line, "\n");
  }
  NAP_RETURN_IF_ERROR(
      WriteFileAtomically(FLAGS_out, absl::StrCat(comments, TableText(measured, factor))));
  absl::PrintF("Wrote %s: %d rows for %s\n", FLAGS_out, rows.size(), ShapeText(setting));
  return absl::OkStatus();
}

// "normal: 3 sep_conv_3x3, 5 skip_connect; reduce: ..."
std::string OperationsText(const Genotype& genotype) {
  return absl::StrJoin(genotype.cells, "; ", [](std::string* text, const CellGenotype& cell) {
    absl::StrAppend(text, cell.name, ": ", OperationCountsText(cell));
  });
}

absl::Status Check(const Setting& setting) {
  NAP_ASSIGN_OR_RETURN(const LatencyTable table, LatencyTable::Read(FLAGS_check));
  NAP_ASSIGN_OR_RETURN(
      const std::vector<Genotype> genotypes,
      RandomGenotypes(setting, kCheckStream, FLAGS_networks < 0 ? 50 : FLAGS_networks));
  NAP_ASSIGN_OR_RETURN(const std::vector<double> predicted, Predict(setting, genotypes, table));
  std::vector<Timed> all;
  NAP_RETURN_IF_ERROR(AddNetworks(setting, genotypes, &all));
  TimeAll(setting, &all);
  std::vector<double> measured;
  std::vector<std::vector<std::string>> lines = {
      {"network", "measured", "spread", "predicted", "error", "operations"}};
  for (size_t i = 0; i < all.size(); ++i) {
    measured.push_back(LatencyOf(all[i]));
    lines.push_back({absl::StrCat(i + 1), absl::StrFormat("%.3f ms", measured.back()),
                     absl::StrFormat("%.3f ms", SpreadOf(all[i])),
                     absl::StrFormat("%.3f ms", predicted[i]),
                     absl::StrFormat("%+.1f %%", 100 * (predicted[i] / measured.back() - 1)),
                     OperationsText(genotypes[i])});
  }
  std::printf("%s", TextTable(lines).c_str());
  absl::PrintF("%d networks of %s: %s; rank correlation %.3f (Spearman), %.3f (Kendall)\n",
               all.size(), ShapeText(setting), ErrorText(ErrorsOf(predicted, measured)),
               SpearmanCorrelation(predicted, measured), KendallCorrelation(predicted, measured));
  return absl::OkStatus();
}

absl::Status Main() {
  NAP_ASSIGN_OR_RETURN(const Setting setting, SettingFromFlags());
  return FLAGS_check.empty() ? Measure(setting) : Check(setting);
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{
      "measure_latency", "times the parts of networks, for searches with a limit in milliseconds",
      __FILE__};
  nap::AddNetworkFlags(&options);
  options.parts = {nap::PartFlagOf<nap::SearchSpaceDefinition>("search_space")};
  options.choices.push_back(nap::ChoicesOf<nap::OperationDefinition>("operations"));
  options.choices.push_back(nap::NamesOf("device", nap::DeviceNames()));
  options.complete = [](const auto& given, const auto&) {
    if (FLAGS_check.empty()) return absl::OkStatus();
    return nap::RefuseFlags(given, {"out"}, "--check writes no table");
  };
  return nap::RunProgram(argc, argv, options, nap::Main);
}
