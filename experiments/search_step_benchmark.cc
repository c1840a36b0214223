// Times a search step, one strength step and one weight step, on random images.
//
// Most flags below take a list; every combination is a benchmark. tools/darts_step_yardstick.py
// times the same step in Python.
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/record_function.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/base/benchmark_program.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/pruning/pruner.h"
#include "nap/pruning/random_scores.h"
#include "nap/relaxation/relaxation.h"
#include "nap/runtime/device.h"
#include "nap/runtime/memory.h"
#include "nap/runtime/threads.h"
#include "nap/search/candidate_space.h"
#include "nap/search/optimization.h"
#include "nap/search/supernet_trainer.h"

DEFINE_string(batch_size, "16", "images a step");
DEFINE_string(channels, "16", "channels of the first cell");
DEFINE_string(cells, "8", "cells");
DEFINE_string(relaxation, "softmax", "relaxations");
DEFINE_string(backend, "fused,reference", "backends");
DEFINE_string(precision, "float32", "precisions");
DEFINE_string(device, "cpu", "what computes; auto: a GPU if there is one, else the CPU");
DEFINE_string(living, "100,50", "shares of the operations that are alive, percent");
DEFINE_int32(threads, 0, "threads that compute; 0: all cores");

namespace nap {
namespace {

struct Setting {
  SearchOptions options;
  int living;  // percent
};

absl::StatusOr<std::vector<int>> Numbers(const char* flag, const std::string& list, int least) {
  std::vector<int> numbers;
  for (absl::string_view text : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    int number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < least) {
      return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", list, ": '", text,
                                                     "' is not a number from ", least, " up"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

// Prunes at random down to the share, as nearly as the budget of 8 operations a cell allows.
absl::Status PruneTo(int percent, const CandidateSpace& space, SupernetTrainer* trainer) {
  const PrunerOptions budget;
  const double all =
      static_cast<double>(LivingOperations(space, LivingTable(space, true), 0).size());
  const double surplus = std::clamp(
      (percent / 100.0 * all - budget.operations_per_cell) / (all - budget.operations_per_cell),
      0.0, 1.0);
  NAP_ASSIGN_OR_RETURN(const Pruner pruner,
                       Pruner::Create(space, budget, [surplus](double) { return surplus; }));
  LivingTable living(space, true);
  NAP_ASSIGN_OR_RETURN(const std::vector<CandidateId> removed,
                       pruner.Prune(RandomScores(space, RandomStream({0})), 1, &living));
  trainer->Prune(removed);
  return absl::OkStatus();
}

// Calls of LibTorch's operators within `body`, those that others make of them too.
int64_t OperatorCalls(const std::function<void()>& body) {
  static std::atomic<int64_t> calls{0};
  calls = 0;
  const at::CallbackHandle callback =
      at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction&)
                                                           -> std::unique_ptr<at::ObserverContext> {
                              ++calls;
                              return nullptr;
                            }).scopes({at::RecordScope::FUNCTION}));
  body();
  at::removeCallback(callback);
  return calls;
}

absl::Status Time(const Setting& setting, benchmark::State& state) {
  ResetPeakMemory();
  NAP_ASSIGN_OR_RETURN(const ComputeDevice device, FindDevice(setting.options.device));
  UseDevice(device, /*deterministic=*/false);
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> search_space,
                       MakeSearchSpace(setting.options.search_space));
  NAP_ASSIGN_OR_RETURN(const CandidateSpace space, MakeCandidateSpace(*search_space, {}));
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, search_space->Plan(setting.options.network));
  NAP_ASSIGN_OR_RETURN(const Relaxation relaxation,
                       RelaxationRegistry::Global().Make(setting.options.relaxation));
  SupernetTrainer trainer(setting.options, plan, space, relaxation);
  if (setting.living < 100) NAP_RETURN_IF_ERROR(PruneTo(setting.living, space, &trainer));

  const int64_t batch_size = setting.options.batch_size;
  const Batch batch{at::randn({batch_size, 3, 32, 32})
                        .contiguous(at::MemoryFormat::ChannelsLast)
                        .to(device.device),
                    at::randint(10, {batch_size}, at::kLong).to(device.device)};
  // On a CPU one step is like another. On a GPU LibTorch chooses in the first ones, and a backend
  // may record them.
  for (int step = 0; step < (device.device.is_cpu() ? 1 : 10); ++step) {
    if (!device.device.is_cpu()) StrengthStep(trainer, batch);
    WeightStep(trainer, batch);
  }
  for ([[maybe_unused]] auto _ : state) {
    StrengthStep(trainer, batch);
    WeightStep(trainer, batch);
  }
  state.counters["calls"] = static_cast<double>(OperatorCalls([&] {
    StrengthStep(trainer, batch);
    WeightStep(trainer, batch);
  }));
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(2 * batch_size),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak_GB"] = static_cast<double>(PeakMemoryBytes()) / 1e9;
  state.counters["peak_GPU_GB"] = static_cast<double>(PeakGpuMemoryBytes()) / 1e9;
  return absl::OkStatus();
}

void Register(const Setting& setting) {
  const SearchOptions& options = setting.options;
  const std::string name = absl::StrCat(
      "search_step/batch:", options.batch_size, "/channels:", options.network.channels,
      "/cells:", options.network.cells, "/", options.relaxation, "/living:", setting.living, "%/",
      options.backend, "/", options.device.precision, "/", options.device.name);
  benchmark::RegisterBenchmark(name.c_str(),
                               [setting](benchmark::State& state) {
                                 const absl::Status status = Time(setting, state);
                                 if (!status.ok()) {
                                   state.SkipWithError(std::string(status.message()).c_str());
                                 }
                               })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

absl::Status Main() {
  UseThreads(FLAGS_threads);
  NAP_ASSIGN_OR_RETURN(const auto batch_sizes, Numbers("batch_size", FLAGS_batch_size, 2));
  NAP_ASSIGN_OR_RETURN(const auto channels, Numbers("channels", FLAGS_channels, 1));
  NAP_ASSIGN_OR_RETURN(const auto cells, Numbers("cells", FLAGS_cells, 3));
  NAP_ASSIGN_OR_RETURN(const auto living, Numbers("living", FLAGS_living, 0));
  Setting setting;
  setting.options.device.name = FLAGS_device;
  for (absl::string_view relaxation : absl::StrSplit(FLAGS_relaxation, ',')) {
    setting.options.relaxation = std::string(relaxation);
    for (int cell : cells) {
      setting.options.network.cells = cell;
      for (int channel : channels) {
        setting.options.network.channels = channel;
        for (int batch_size : batch_sizes) {
          setting.options.batch_size = batch_size;
          for (int percent : living) {
            setting.living = percent;
            for (absl::string_view backend : absl::StrSplit(FLAGS_backend, ',')) {
              setting.options.backend = std::string(backend);
              NAP_RETURN_IF_ERROR(Validate(setting.options));
              for (absl::string_view precision : absl::StrSplit(FLAGS_precision, ',')) {
                setting.options.device.precision = std::string(precision);
                NAP_RETURN_IF_ERROR(FindDevice(setting.options.device).status());
                Register(setting);
              }
            }
          }
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{"search_step_benchmark", "times a search step on random images",
                              __FILE__};
  options.choices = {nap::ChoicesOf<nap::RelaxationDefinition>("relaxation"),
                     nap::ChoicesOf<nap::ExecutorDefinition>("backend"),
                     nap::NamesOf("precision", nap::PrecisionNames()),
                     nap::NamesOf("device", nap::DeviceNames())};
  return nap::RunBenchmarks(argc, argv, options, nap::Main);
}
