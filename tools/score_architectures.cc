// Scores a list of architectures, and says how well the scores go with their accuracies.
#include <ATen/Parallel.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "experiments/data_flags.h"
#include "nap/base/files.h"
#include "nap/base/forked_workers.h"
#include "nap/base/interrupt.h"
#include "nap/base/option_checks.h"
#include "nap/base/parameters.h"
#include "nap/base/program.h"
#include "nap/base/statistics.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/report/progress_line.h"
#include "nap/runtime/device.h"
#include "nap/scores/score.h"
#include "nap/search_space/genotype_list.h"
#include "nap/search_space/search_space.h"

DEFINE_string(genotypes, "",
              "file with an architecture a line, DARTS's or NAS-Bench-201's; after a comma perhaps "
              "its accuracy");
DEFINE_string(score, "activation_kernel",
              "scores, with '+' between them; each may have parameters: "
              "training_loss:steps=50,images=16+synflow");
DEFINE_string(out, "", "CSV to write; empty: to standard output, and all else to standard error");
DEFINE_string(network, "cifar", "the scored network's shape");
DEFINE_int32(channels, 0, "of its first cell; 0: as the search space's final network");
DEFINE_int32(cells, 0, "cells of it; 0: as the search space's final network");
DEFINE_uint64(seed, 0, "of weights and batches");
DEFINE_string(backend, "fused", "what computes the cells, where it can: elsewhere reference does");
DEFINE_string(device, "cpu", "what computes; auto: a GPU if there is one, else the CPU");
DEFINE_int32(processes, 0,
             "that share the work on a CPU, each on one core; 0: as many as there are cores");

namespace nap {
namespace {

// Columns of every table, whatever is asked for: what a score has to beat.
constexpr const char* kBaselines[] = {"parameters", "mult_adds"};

struct NamedScore {
  std::string name;
  std::unique_ptr<Score> score;
};

absl::StatusOr<std::vector<NamedScore>> Scores() {
  std::vector<std::string> names(std::begin(kBaselines), std::end(kBaselines));
  const std::set<std::string> baselines(names.begin(), names.end());
  for (const std::string& name : SplitNames(FLAGS_score)) {
    if (baselines.count(name) == 0) names.push_back(name);
  }
  std::vector<NamedScore> scores;
  for (const std::string& name : names) {
    if (std::count(names.begin(), names.end(), name) > 1) {
      return absl::InvalidArgumentError(absl::StrCat("--score names '", name, "' twice"));
    }
    NAP_ASSIGN_OR_RETURN(std::unique_ptr<Score> score, ScoreRegistry::Global().Make(name));
    scores.push_back({name, std::move(score)});
  }
  return scores;
}

absl::StatusOr<std::unique_ptr<Dataset>> Images() {
  NAP_ASSIGN_OR_RETURN(DatasetPair pair, OpenDataset(DatasetName(), DatasetOptionsFromFlags()));
  return std::move(pair.train);
}

// The list with what each line's network is like; without those that no network can be made of,
// which are named.
struct Work {
  std::vector<ListedGenotype> listed;
  std::vector<ScoredArchitecture> architectures;
  c10::Device device = c10::Device(c10::kCPU);
};

absl::StatusOr<Work> MakeWork(const Dataset& images) {
  NAP_ASSIGN_OR_RETURN(const auto listed, ReadGenotypeList(FLAGS_genotypes));
  Work work;
  ScoringOptions options;
  options.seed = FLAGS_seed;
  options.backend = FLAGS_backend;
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice({FLAGS_device}));
  UseDevice(device, /*deterministic=*/true);
  options.device = device.device;
  work.device = device.device;
  NAP_RETURN_IF_ERROR(ValidateBackend(options.backend));
  NAP_ASSIGN_OR_RETURN(options.network,
                       FindNetwork(FLAGS_network, listed.front().genotype.search_space,
                                   FLAGS_channels, FLAGS_cells));
  options.network.image_channels = images.shape().channels;
  options.network.classes = images.num_classes();
  const auto scoring = std::make_shared<ScoringImages>();
  scoring->dataset = &images;
  scoring->augmentation.mean = images.mean();
  scoring->augmentation.stddev = images.stddev();
  scoring->augmentation.crop_padding = 4;
  scoring->augmentation.flip = true;
  scoring->indices.resize(images.size());
  std::iota(scoring->indices.begin(), scoring->indices.end(), 0);
  absl::Status first;
  for (const ListedGenotype& one : listed) {
    auto architecture = ScoredArchitecture::Create(one.genotype, options, scoring);
    if (architecture.ok()) {
      work.listed.push_back(one);
      work.architectures.push_back(*std::move(architecture));
      continue;
    }
    first.Update(architecture.status());
    absl::FPrintF(stderr, "line %d is left out: %s\n", one.line, architecture.status().message());
  }
  if (work.listed.empty()) return first;
  return work;
}

// A row of scores a finished architecture; empty: not finished.
using Rows = std::vector<std::vector<double>>;

absl::Status ScoreAll(const Work& work, const std::vector<NamedScore>& scores, Rows* rows) {
  ProgressLine progress("scored", work.listed.size(), "architectures");
  const auto score_one = [&](int64_t index) -> absl::StatusOr<std::string> {
    at::set_num_threads(1);
    std::vector<std::string> values;
    for (const NamedScore& score : scores) {
      const absl::StatusOr<double> value = score.score->Of(work.architectures[index]);
      if (!value.ok() || !std::isfinite(*value)) {
        return absl::Status(
            value.ok() ? absl::StatusCode::kFailedPrecondition : value.status().code(),
            absl::StrCat(FLAGS_genotypes, ", line ", work.listed[index].line, ": ", score.name,
                         value.ok() ? absl::StrCat(" became ", *value)
                                    : absl::StrCat(": ", value.status().message())));
      }
      values.push_back(absl::StrFormat("%.17g", *value));
    }
    return absl::StrJoin(values, " ");
  };
  const auto collect = [&](int64_t index, const std::string& text) {
    for (absl::string_view word : absl::StrSplit(text, ' ')) {
      double value = 0;
      CHECK(absl::SimpleAtod(word, &value));
      (*rows)[index].push_back(value);
    }
    progress.Done();
  };
  if (!work.device.is_cpu()) {
    // A copy of a process that has used a GPU cannot.
    for (size_t i = 0; i < work.listed.size(); ++i) {
      if (InterruptSignal() != 0) return absl::CancelledError("stopped");
      try {
        NAP_ASSIGN_OR_RETURN(const std::string text, score_one(static_cast<int64_t>(i)));
        collect(static_cast<int64_t>(i), text);
      } catch (const std::exception& error) {
        return absl::InternalError(InOurWords(error.what()));
      }
    }
    return absl::OkStatus();
  }
  return ForkedWorkers(ProcessesFor(FLAGS_processes), static_cast<int64_t>(work.listed.size()),
                       score_one, collect);
}

std::string Csv(const Work& work, const std::vector<NamedScore>& scores, const Rows& rows) {
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
  };
  const bool accuracies = work.listed.front().accuracy.has_value();
  std::string csv = "architecture,accuracy";
  for (const NamedScore& score : scores) {
    const bool plain = score.name.find(',') == std::string::npos;
    absl::StrAppend(&csv, ",", plain ? score.name : quoted(score.name));
  }
  csv += "\n";
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].empty()) continue;
    csv += quoted(work.listed[i].text);
    csv += accuracies ? absl::StrFormat(",%.10g", *work.listed[i].accuracy) : ",";
    for (double value : rows[i]) absl::StrAppend(&csv, ",", absl::StrFormat("%.10g", value));
    csv += "\n";
  }
  return csv;
}

// How the scores of the finished architectures go with their accuracies.
std::string Correlations(const Work& work, const std::vector<NamedScore>& scores,
                         const Rows& rows) {
  std::vector<double> accuracies;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].empty()) accuracies.push_back(*work.listed[i].accuracy);
  }
  size_t width = 0;
  for (const NamedScore& score : scores) width = std::max(width, score.name.size());
  std::string text = absl::StrFormat("%-*s  Spearman  95 of 100 cases   Kendall\n",
                                     static_cast<int>(width), "score");
  for (size_t column = 0; column < scores.size(); ++column) {
    std::vector<double> values;
    for (const std::vector<double>& row : rows) {
      if (!row.empty()) values.push_back(row[column]);
    }
    const Interval interval = BootstrapSpearman(values, accuracies);
    absl::StrAppendFormat(&text, "%-*s  %8.3f  %6.3f to %6.3f  %8.3f\n", static_cast<int>(width),
                          scores[column].name, SpearmanCorrelation(values, accuracies),
                          interval.low, interval.high, KendallCorrelation(values, accuracies));
  }
  return absl::StrCat(text, "Of ", accuracies.size(), " architectures.\n");
}

absl::Status Main() {
  if (FLAGS_genotypes.empty()) {
    return absl::InvalidArgumentError(
        "--genotypes is missing: a file with an architecture a line, perhaps with a comma and its "
        "accuracy");
  }
  NAP_RETURN_IF_ERROR(CheckRange("channels", FLAGS_channels, 0, kMostChannels));
  NAP_RETURN_IF_ERROR(CheckRange("cells", FLAGS_cells, 0, kMostCells));
  NAP_RETURN_IF_ERROR(CheckRange("processes", FLAGS_processes, 0, kMostThreads));
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_RETURN_IF_ERROR(PrepareToWrite(FLAGS_out));
  NAP_ASSIGN_OR_RETURN(const std::vector<NamedScore> scores, Scores());
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> images, Images());
  NAP_ASSIGN_OR_RETURN(const Work work, MakeWork(*images));
  CatchInterrupts();
  Rows rows(work.listed.size());
  const absl::Status status = ScoreAll(work, scores, &rows);
  const auto finished =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.empty(); });
  if (finished == 0) return status;
  const std::string csv = Csv(work, scores, rows);
  if (FLAGS_out.empty()) {
    std::fputs(csv.c_str(), stdout);
  } else {
    NAP_RETURN_IF_ERROR(WriteFileAtomically(FLAGS_out, csv));
  }
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat(status.message(), "; the ", finished,
                                                    " architectures that are scored are in ",
                                                    FLAGS_out.empty() ? "the table" : FLAGS_out));
  }
  std::FILE* const talk = FLAGS_out.empty() ? stderr : stdout;
  if (work.listed.front().accuracy.has_value() && finished > 2) {
    absl::FPrintF(talk, "%s", Correlations(work, scores, rows));
  }
  if (!FLAGS_out.empty()) absl::FPrintF(talk, "Written to %s.\n", FLAGS_out);
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{"score_architectures",
                              "scores architectures without training them, or after a little of "
                              "it, and compares the scores with their accuracies",
                              __FILE__};
  nap::AddDataFlags(&options);
  options.parts.push_back(nap::PartFlagOf<nap::ExecutorDefinition>("backend"));
  options.choices.insert(options.choices.end(), {nap::ChoicesOf<nap::ScoreDefinition>("score"),
                                                 nap::NamesOf("network", nap::NetworkNames()),
                                                 nap::NamesOf("device", nap::DeviceNames())});
  return nap::RunProgram(argc, argv, options, nap::Main);
}
