// Times forward and backward passes of a derived network on random images, 32 x 32.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "nap/base/benchmark_program.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/model/derived_network.h"
#include "nap/runtime/device.h"
#include "nap/runtime/gradients.h"
#include "nap/runtime/memory.h"
#include "nap/runtime/threads.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/search_space/published_genotypes.h"

DEFINE_string(genotype, "DARTS_V2", "a published genotype or a file");
DEFINE_string(shapes, "16x8x96,36x20x96", "channels of the first cell x cells x images");
DEFINE_string(backends, "fused,fused:recompute=1,reference", "what computes the cells");
DEFINE_double(drop_path, 0.2, "probability that an operation is dropped");
DEFINE_string(device, "cpu", "what computes; auto: a GPU if there is one, else the CPU");
DEFINE_string(precision, "float32", "precision");
DEFINE_int32(threads, 0, "threads that compute; 0: all cores");

namespace nap {
namespace {

struct Setting {
  DerivedNetworkSpec spec;
  int64_t batch_size;
  std::string backend;
  ComputeDevice device;
};

absl::Status Time(const Setting& setting, benchmark::State& state) {
  ResetPeakMemory();
  at::manual_seed(1);
  const c10::Device& device = setting.device.device;
  NAP_ASSIGN_OR_RETURN(const std::shared_ptr<DerivedNetwork> network,
                       DerivedNetwork::Create(setting.spec, {setting.backend}));
  network->to(device);
  const std::vector<at::Tensor> weights = network->parameters();
  const at::Tensor images = at::randn({setting.batch_size, 3, 32, 32})
                                .contiguous(at::MemoryFormat::ChannelsLast)
                                .to(device);
  const at::Tensor labels = at::randint(10, {setting.batch_size}, at::kLong).to(device);
  RandomStream random({1});
  const std::unique_ptr<StepRunner> runner = MakeStepRunner(setting.backend);
  const auto step = [&] {
    const at::Tensor drop_path =
        network->DrawDropPath(setting.batch_size, FLAGS_drop_path, &random).to(device);
    const auto results =
        runner->Run(0, {images, labels, drop_path}, [&](const std::vector<at::Tensor>& inputs) {
          at::Tensor logits;
          {
            const AutocastGuard guard(setting.device.precision, device);
            logits = network->Forward(inputs[0], inputs[2]).logits;
          }
          const at::Tensor loss = at::cross_entropy_loss(logits.to(at::kFloat), inputs[1]);
          std::vector<at::Tensor> all = Gradients(loss, weights);
          all.push_back(loss.detach());
          return all;
        });
    CHECK(std::isfinite(results.back().item<double>()));
  };
  for (int i = 0; i < (device.is_cpu() ? 1 : 5); ++i) step();
  for ([[maybe_unused]] auto _ : state) step();
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(setting.batch_size),
                                                  benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak_GB"] = static_cast<double>(PeakMemoryBytes()) / 1e9;
  state.counters["peak_GPU_GB"] = static_cast<double>(PeakGpuMemoryBytes()) / 1e9;
  return absl::OkStatus();
}

void Register(const Setting& setting) {
  const NetworkOptions& network = setting.spec.network;
  const std::string name =
      absl::StrCat("training_step/channels:", network.channels, "/cells:", network.cells,
                   "/batch:", setting.batch_size, "/drop_path:", FLAGS_drop_path, "/",
                   setting.backend, "/", FLAGS_precision, "/", FLAGS_device);
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
  if (!(FLAGS_drop_path >= 0 && FLAGS_drop_path < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--drop_path=", FLAGS_drop_path, " must be at least 0 and below 1"));
  }
  Setting setting;
  NAP_ASSIGN_OR_RETURN(setting.device, FindDevice({FLAGS_device, FLAGS_precision}));
  UseDevice(setting.device, /*deterministic=*/false);
  NAP_ASSIGN_OR_RETURN(setting.spec.genotype, FindGenotype(FLAGS_genotype));
  for (absl::string_view shape : absl::StrSplit(FLAGS_shapes, ',')) {
    const std::vector<absl::string_view> numbers = absl::StrSplit(shape, 'x');
    NetworkOptions& network = setting.spec.network;
    if (numbers.size() != 3 || !absl::SimpleAtoi(numbers[0], &network.channels) ||
        !absl::SimpleAtoi(numbers[1], &network.cells) ||
        !absl::SimpleAtoi(numbers[2], &setting.batch_size) || setting.batch_size < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--shapes=", FLAGS_shapes, ": '", shape,
                       "' is not of the form 36x20x96, channels x cells x images"));
    }
    NAP_RETURN_IF_ERROR(LayOut(setting.spec).status());
    for (absl::string_view backend : absl::StrSplit(FLAGS_backends, ',')) {
      setting.backend = std::string(backend);
      NAP_RETURN_IF_ERROR(ValidateBackend(setting.backend));
      Register(setting);
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{"derived_network_benchmark",
                              "times training steps of a derived network", __FILE__};
  options.choices = {nap::NamesOf("genotype", nap::PublishedGenotypes()),
                     nap::ChoicesOf<nap::ExecutorDefinition>("backends"),
                     nap::NamesOf("device", nap::DeviceNames()),
                     nap::NamesOf("precision", nap::PrecisionNames())};
  return nap::RunBenchmarks(argc, argv, options, nap::Main);
}
