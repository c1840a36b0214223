// Times each operation, and all of them as the mixed operation of an edge, against the limits of
// the machine, which are measured first. docs/performance.md says how the limits are counted.
#include <ATen/ops/randn.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nap/base/benchmark_program.h"
#include "nap/base/clock.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/engine/image_batch.h"
#include "nap/model/mixed_op.h"
#include "nap/runtime/threads.h"
#include "ops/kernels/machine.h"
#include "ops/operation.h"

DEFINE_string(operations,
              "max_pool_3x3,avg_pool_3x3,skip_connect,sep_conv_3x3,sep_conv_5x5,dil_conv_3x3,"
              "dil_conv_5x5",
              "operations; each is timed by itself and all of them as `mixed`");
DEFINE_string(shapes, "16x32,32x16,64x8", "channels x height and width");
DEFINE_string(backends, "reference-nchw,reference-channels-last,fused", "what computes");
DEFINE_string(threads, "1,0", "threads that compute; 0: all cores");
DEFINE_int32(batch_size, 64, "images");
DEFINE_int32(stride, 1, "1 or 2");

namespace nap {
namespace {

std::vector<std::string> Backends() {
  return {"reference-nchw", "reference-channels-last", "fused"};
}

struct Setting {
  std::vector<std::string> operations;
  std::string backend;
  int64_t channels;
  int64_t size;
  int threads;
  bool backward;
};

// What a machine does at most with some number of threads, a second.
struct Limits {
  double flops;
  double bytes;
};

double BestRate(const std::function<double()>& amount) {
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const double begin = MonotonicSeconds();
    const double done = amount();
    best = std::max(best, done / (MonotonicSeconds() - begin));
  }
  return best;
}

const Limits& LimitsOf(int threads) {
  static std::map<int, Limits> known;
  const auto found = known.find(threads);
  if (found != known.end()) return found->second;
  // Far more than a second-level cache holds, and one copy a thread.
  constexpr int64_t kFloats = 16 << 20;
  std::vector<float> from(threads * kFloats, 1.0f), to(threads * kFloats), sums(threads, 1e-9f);
  Limits limits{};
  limits.flops = BestRate([&] {
    std::vector<int64_t> flops(threads);
    ForEach(threads,
            [&](int64_t i) { flops[i] = kernels::SpinMultiplyAdds(int64_t{1} << 22, &sums[i]); });
    double total = 0;
    for (int64_t count : flops) total += static_cast<double>(count);
    return total;
  });
  limits.bytes = BestRate([&] {
    ForEach(threads, [&](int64_t i) {
      std::memcpy(&to[i * kFloats], &from[i * kFloats], kFloats * sizeof(float));
      benchmark::DoNotOptimize(to.data());
    });
    return 2.0 * static_cast<double>(threads * kFloats * sizeof(float));  // read and written
  });
  std::printf("Limits with %d thread%s, %s: %.0f GFLOP/s, %.1f GB/s copying\n", threads,
              threads == 1 ? "" : "s", kernels::InstructionSet(), limits.flops * 1e-9,
              limits.bytes * 1e-9);
  std::fflush(stdout);
  return known[threads] = limits;
}

// Floats that have to pass between memory and processor when every batch norm stands between a
// tensor that is complete and one that is not begun (docs/performance.md, "The two limits").
int64_t LeastTraffic(const std::vector<CellTerm>& terms, int64_t input, int64_t output,
                     bool backward) {
  int64_t floats = input + output;  // forward: the node is read, the sum written
  if (backward) floats += 2 * output + 2 * input;
  for (const CellTerm& term : terms) {
    const int64_t stages = term.stages ? static_cast<int64_t>(term.stages->size()) : 1;
    if (stages == 0) {  // the input again
      floats += (backward ? 3 : 1) * input;
      continue;
    }
    floats += 2 * stages * output;
    if (backward) floats += (2 + 4 * (stages - 1)) * output;
  }
  return floats;
}

void Time(const Setting& setting, benchmark::State& state) {
  UseThreads(setting.threads);
  at::manual_seed(1);
  const bool channels_last = setting.backend != "reference-nchw";
  const auto layout = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  MixedOp mixed(setting.operations, setting.channels, FLAGS_stride);
  for (at::Tensor& weight : mixed.parameters()) {
    if (weight.dim() == 4) weight.set_data(weight.data().contiguous(layout));
  }
  const at::Tensor x = at::randn({FLAGS_batch_size, setting.channels, setting.size, setting.size})
                           .contiguous(layout)
                           .requires_grad_(true);
  const at::Tensor mixing =
      at::randn({1, static_cast<int64_t>(setting.operations.size())}).requires_grad_(true);
  const auto graph = std::make_shared<const CellGraph>(
      CellGraph{1, 2, setting.channels, {1}, mixed.Terms(0, 1, 0)});
  CellRunner runner(graph, setting.backend == "fused" ? "fused" : "reference");
  const auto forward = [&] { return runner.Forward({x}, {mixing, {}}); };
  std::vector<at::Tensor> variables = mixed.parameters();
  variables.push_back(x);
  variables.push_back(mixing);
  const at::Tensor y = forward();
  const at::Tensor direction = at::randn(y.sizes()).contiguous(layout);
  for ([[maybe_unused]] auto _ : state) {
    const at::Tensor result = forward();
    if (setting.backward) {
      benchmark::DoNotOptimize(torch::autograd::grad({result}, variables, {direction}));
    }
  }

  Cost cost;
  for (const auto& child : mixed.children()) {
    cost += std::dynamic_pointer_cast<Operation>(child)->CostAt({setting.size, setting.size});
  }
  const Limits& limits = LimitsOf(setting.threads);
  const double flops =
      2.0 * (setting.backward ? 3 : 1) * static_cast<double>(cost.mult_adds * FLAGS_batch_size);
  const double bytes = sizeof(float) * static_cast<double>(LeastTraffic(
                                           graph->terms, x.numel(), y.numel(), setting.backward));
  const double least = std::max(flops / limits.flops, bytes / limits.bytes);
  const auto rate = [](double amount) {
    return benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GFLOP/s"] = rate(flops * 1e-9);
  state.counters["GB/s"] = rate(bytes * 1e-9);
  state.counters["of_limit_%"] = rate(100 * least);
}

void Register(const Setting& setting) {
  const std::string name =
      absl::StrFormat("%s/%s/channels:%d/size:%d/threads:%d/%s",
                      setting.operations.size() == 1 ? setting.operations[0] : "mixed",
                      setting.backend, setting.channels, setting.size, setting.threads,
                      setting.backward ? "forward+backward" : "forward");
  benchmark::RegisterBenchmark(name.c_str(),
                               [setting](benchmark::State& state) { Time(setting, state); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

absl::Status Main() {
  if (FLAGS_batch_size < 1) return absl::InvalidArgumentError("--batch_size must be at least 1");
  if (FLAGS_stride != 1 && FLAGS_stride != 2) {
    return absl::InvalidArgumentError(absl::StrCat("--stride=", FLAGS_stride, " must be 1 or 2"));
  }
  const std::vector<std::string> operations = absl::StrSplit(FLAGS_operations, ',');
  std::vector<std::vector<std::string>> sets;
  for (const std::string& operation : operations) {
    NAP_ASSIGN_OR_RETURN(const auto* definition, OperationRegistry::Global().Find(operation));
    if (definition->is_zero) {
      return absl::InvalidArgumentError(
          absl::StrCat("--operations: '", operation, "' is never computed, so it takes no time"));
    }
    sets.push_back({operation});
  }
  if (operations.size() > 1) sets.push_back(operations);
  for (absl::string_view shape : absl::StrSplit(FLAGS_shapes, ',')) {
    Setting setting{};
    const std::vector<absl::string_view> numbers = absl::StrSplit(shape, 'x');
    if (numbers.size() != 2 || !absl::SimpleAtoi(numbers[0], &setting.channels) ||
        !absl::SimpleAtoi(numbers[1], &setting.size) || setting.channels < 1 || setting.size < 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--shapes=", FLAGS_shapes, ": '", shape, "' is not of the form 16x32, channels x size"));
    }
    for (const auto& set : sets) {
      setting.operations = set;
      for (absl::string_view backend : absl::StrSplit(FLAGS_backends, ',')) {
        setting.backend = std::string(backend);
        const std::vector<std::string> known = Backends();
        if (std::find(known.begin(), known.end(), backend) == known.end()) {
          return absl::InvalidArgumentError(
              absl::StrCat("unknown backend '", backend, "'; known: ", absl::StrJoin(known, ", ")));
        }
        for (absl::string_view threads : absl::StrSplit(FLAGS_threads, ',')) {
          if (!absl::SimpleAtoi(threads, &setting.threads) || setting.threads < 0) {
            return absl::InvalidArgumentError(absl::StrCat("--threads=", FLAGS_threads, ": '",
                                                           threads, "' is not a number from 0 up"));
          }
          setting.threads = UseThreads(setting.threads);
          LimitsOf(setting.threads);
          for (bool backward : {false, true}) {
            setting.backward = backward;
            Register(setting);
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
  nap::ProgramOptions options{"mixed_op_benchmark", "times operations and the mixed operation",
                              __FILE__};
  options.choices = {nap::ChoicesOf<nap::OperationDefinition>("operations"),
                     nap::NamesOf("backends", nap::Backends())};
  return nap::RunBenchmarks(argc, argv, options, nap::Main);
}
