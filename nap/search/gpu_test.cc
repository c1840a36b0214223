// What only a GPU can show. Without one each test is skipped, and says why.
#include <ATen/ops/empty.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/engine/executor.h"
#include "nap/model/executor_conformance.h"
#include "nap/runtime/device.h"
#include "nap/runtime/memory.h"
#include "nap/search/candidate_space.h"
#include "nap/search/optimization.h"
#include "nap/search/searcher.h"
#include "nap/search/tiny_search_for_tests.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"
#include "nap/training/network_trainer.h"

namespace nap {
namespace {

class GpuTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto device = FindDevice({"cuda"});
    if (!device.ok()) GTEST_SKIP() << device.status().message();
  }

  static std::vector<std::string> GpuBackends() {
    std::vector<std::string> backends = {"reference", "grouped"};
    if (ExecutorRegistry::Global().Find("cuda_graph").ok()) {
      backends.insert(backends.end(), {"cuda_graph", "cuda_graph:grouped=1"});
    }
    return backends;
  }
};

DeviceOptions On(const std::string& device, const std::string& precision = "float32") {
  return {device, precision, /*deterministic=*/device != "cpu"};
}

// |a - b| / |b|.
double Distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, all = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    all += b[i] * b[i];
  }
  return std::sqrt(difference / all);
}

// A supernet of the space, after some steps and a removal.
struct Trained {
  std::vector<double> strengths;
  double loss;
};

Trained Train(const SearchOptions& options) {
  const auto search_space = *MakeSearchSpace(options.search_space);
  const CandidateSpace space = *MakeCandidateSpace(*search_space, {});
  const NetworkPlan plan = *search_space->Plan({4, 4, 3, 10});
  SupernetTrainer trainer(options, plan, space,
                          *RelaxationRegistry::Global().Make(options.relaxation));
  UseDevice(*FindDevice(options.device), options.device.deterministic);
  const Optimization optimization = *OptimizationRegistry::Global().Make(options.optimization);
  at::manual_seed(5);
  for (int step = 0; step < 10; ++step) {
    if (step == 6) trainer.Prune({{0, 1, 3}, {0, 2, 1}});
    const Batch train{at::randn({16, 3, 16, 16}).contiguous(at::MemoryFormat::ChannelsLast),
                      at::randint(10, {16}, at::kLong)};
    optimization.step(trainer, train, train);
  }
  Trained trained;
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    const NumberTable strengths = trainer.Strengths();
    const auto& values = strengths.Values(static_cast<int>(cell));
    trained.strengths.insert(trained.strengths.end(), values.begin(), values.end());
  }
  const Batch batch{at::randn({16, 3, 16, 16}), at::randint(10, {16}, at::kLong)};
  trained.loss = trainer.Evaluate(batch).loss;
  return trained;
}

TEST_F(GpuTest, ComputesCellsAsTheCpuDoes) {
  for (const std::string& backend : GpuBackends()) {
    ExecutorConformance given;
    given.device = at::kCUDA;
    given.same_bits = false;
    ExpectExecutorConforms(backend, given);
  }
}

TEST_F(GpuTest, TrainsSupernetsAsTheCpuDoes) {
  for (const std::string space : {"darts", "nas_bench_201"}) {
    for (const std::string relaxation : {"unnormalized", "edge_softmax"}) {
      for (const std::string optimization : {"bilevel", "bilevel_second_order"}) {
        SearchOptions options;
        options.search_space = space;
        options.relaxation = relaxation;
        options.optimization = optimization;
        options.device = On("cpu");
        const Trained cpu = Train(options);
        for (const std::string& backend : GpuBackends()) {
          options.backend = backend;
          options.device = On("cuda");
          const Trained gpu = Train(options);
          const std::string what = space + " " + relaxation + " " + optimization + " " + backend;
          EXPECT_LT(Distance(gpu.strengths, cpu.strengths), 1e-3) << what;
          EXPECT_NEAR(gpu.loss, cpu.loss, 0.02 * cpu.loss) << what;
          EXPECT_EQ(Train(options).strengths, gpu.strengths) << what << ": other bits again";
        }
      }
    }
  }
  const int64_t peak = PeakGpuMemoryBytes();
  EXPECT_GT(peak, 1'000'000);
  ResetPeakMemory();
  EXPECT_LE(PeakGpuMemoryBytes(), peak);
}

TEST_F(GpuTest, OtherPrecisionsAreNear) {
  SearchOptions options;
  options.backend = "reference";
  options.device = On("cuda");
  const Trained exact = Train(options);
  for (const std::string precision : {"tf32", "bfloat16"}) {
    for (const std::string& backend : GpuBackends()) {
      options.backend = backend;
      options.device = On("cuda", precision);
      const Trained rough = Train(options);
      EXPECT_LT(Distance(rough.strengths, exact.strengths), 0.05) << precision << " " << backend;
    }
  }
}

class Ignore final : public SearchObserver, public TrainingObserver {
 public:
  absl::Status OnStep(const SearchStepReport&) override { return Step(); }
  absl::Status OnEpoch(const SearchEpochReport&) override { return absl::OkStatus(); }
  absl::Status OnStep(const StepReport&) override { return Step(); }
  absl::Status OnEpoch(const TrainingEpochReport&) override { return absl::OkStatus(); }

  int stop_at = -1;

 private:
  absl::Status Step() {
    return ++steps_ == stop_at ? absl::CancelledError("enough") : absl::OkStatus();
  }
  int steps_ = 0;
};

TEST_F(GpuTest, SearchesWithEveryCriterionAndGoesOnOnAnotherDevice) {
  const auto images = TinyImages(96);
  for (const std::string criterion :
       {"ablation:batches=1", "taylor", "magnitude", "activation_kernel", "shapley",
        "expected_score", "best_of_random"}) {
    SearchOptions options = TinySearch();
    options.criterion = QuickCriterion(criterion);
    options.device = On("auto");
    const auto searcher = Searcher::Create(options, images.get());
    ASSERT_TRUE(searcher.ok()) << searcher.status();
    Ignore interrupt;
    interrupt.stop_at = 8;
    EXPECT_FALSE((*searcher)->Run(&interrupt).ok());
    for (const std::string device : {"cuda", "cpu"}) {
      options.device = On(device);
      const auto other = Searcher::Create(options, images.get());
      ASSERT_TRUE(other.ok()) << other.status();
      const absl::Status loaded = (*other)->Load((*searcher)->Save());
      ASSERT_TRUE(loaded.ok()) << loaded;
      Ignore ignore;
      const auto genotype = (*other)->Run(&ignore);
      EXPECT_TRUE(genotype.ok()) << criterion << " on " << device << ": " << genotype.status();
    }
  }
}

TEST_F(GpuTest, TrainsNetworksAsTheCpuDoes) {
  const DatasetPair data{TinyImages(64), TinyImages(32)};
  TrainingOptions options;
  options.epochs = 2;
  options.batch_size = 8;
  options.crop_padding = 1;
  options.cutout = 2;
  options.drop_path = 0.3;
  options.mixup = 0.4;
  const auto train = [&](const std::string& device, const std::string& backend) {
    at::manual_seed(1);
    TrainedNetwork model;
    model.description.spec = {*FindGenotype("DARTS_V2"), {4, 3, 3, 2}, true};
    model.network = *DerivedNetwork::Create(model.description.spec, {backend});
    options.device = On(device);
    const auto trainer = *NetworkTrainer::Create(options, model, &data);
    Ignore ignore;
    const auto result = trainer->Run(&ignore);
    EXPECT_TRUE(result.ok()) << result.status();
    return trainer->Save();
  };
  const Checkpoint cpu = train("cpu", "reference");
  for (const std::string& backend : GpuBackends()) {
    const Checkpoint gpu = train("cuda", backend), again = train("cuda", backend);
    for (const auto& [name, tensor] : gpu.tensors) {
      EXPECT_TRUE(tensor.equal(again.tensors.at(name)))
          << backend << ", other bits again: " << name;
      if (!tensor.is_floating_point() || name.find("optimizer") == 0) continue;
      const at::Tensor& wanted = cpu.tensors.at(name);
      EXPECT_TRUE(tensor.allclose(wanted, 0.05, 0.02)) << backend << ": " << name;
    }
  }
}

TEST_F(GpuTest, BatchesArriveWhole) {
  const c10::Device gpu(c10::kCUDA, 0);
  for (int i = 0; i < 20; ++i) {
    const at::Tensor tensor = at::randn({32, 3, 32, 32}).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor there = Upload(tensor, gpu);
    EXPECT_TRUE(there.is_cuda());
    EXPECT_EQ(there.strides(), tensor.strides());
    EXPECT_TRUE(there.cpu().equal(tensor));
  }
}

TEST_F(GpuTest, SaysWhenItsMemoryIsFull) {
  try {
    at::empty({int64_t{1} << 50}, at::TensorOptions(at::kByte).device(at::kCUDA));
    FAIL() << "a petabyte?";
  } catch (const std::exception& error) {
    // RunProgram looks for these words.
    EXPECT_NE(std::string(error.what()).find("out of memory"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nap
