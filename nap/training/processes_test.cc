// Several processes train what one trains.
#include <absl/base/casts.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "data/tiny_images_for_tests.h"
#include "nap/base/interrupt.h"
#include "nap/runtime/processes_for_tests.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"
#include "nap/training/network_trainer.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

TrainingOptions TinyTraining() {
  TrainingOptions options;
  options.epochs = 2;
  options.batch_size = 8;
  options.learning_rate = 0.01;  // what rounding has made different grows with every step
  options.crop_padding = 1;
  options.drop_path = 0;
  options.device.name = "cpu";
  options.global_norms = true;
  return options;
}

// Images that were broken in the last epoch, steps that were made, images that were passed over in
// the last epoch, all losses.
class Recorder final : public TrainingObserver {
 public:
  absl::Status OnStep(const StepReport& report) override {
    ++numbers_[kSteps];
    numbers_.push_back(report.train_loss);
    return absl::OkStatus();
  }
  absl::Status OnEpoch(const TrainingEpochReport& report) override {
    numbers_[kBroken] = static_cast<double>(report.broken_images);
    numbers_[kPassedOver] = static_cast<double>(report.images_passed_over);
    numbers_.push_back(report.test_loss);
    return absl::OkStatus();
  }

  const std::vector<double>& numbers() const { return numbers_; }

  static constexpr size_t kBroken = 0, kSteps = 1, kPassedOver = 2, kFirstLoss = 3;

 private:
  std::vector<double> numbers_ = {0, 0, 0};
};
constexpr size_t kBroken = Recorder::kBroken, kSteps = Recorder::kSteps,
                 kPassedOver = Recorder::kPassedOver, kFirstLoss = Recorder::kFirstLoss;

// A class of a quarter of the images, and another one.
class UnevenImages final : public ForwardingDataset {
 public:
  using ForwardingDataset::ForwardingDataset;
  int Label(int64_t index) const override { return index % 4 == 0 ? 1 : 0; }
};

std::vector<double> Train(TrainingOptions options, const Group& group, int64_t damage,
                          bool uneven) {
  options.processes = group;
  at::manual_seed(1);
  const std::unique_ptr<Dataset> whole = TinyImages(64);
  DatasetPair data{TinyImages(64), TinyImages(32)};
  if (uneven) data.train = std::make_unique<UnevenImages>(whole.get());
  if (damage > 0) data.train = std::make_unique<DamagedDataset>(whole.get(), damage);
  TrainedNetwork model;
  model.description.spec = {*FindGenotype("DARTS_V2"), {2, 3, 3, 2}, /*auxiliary_head=*/true};
  model.network = *DerivedNetwork::Create(model.description.spec, {"fused"});
  Recorder recorder;
  const auto trainer = NetworkTrainer::Create(options, model, &data);
  EXPECT_TRUE(trainer.ok()) << trainer.status();
  if (!trainer.ok()) return recorder.numbers();
  const absl::Status status = (*trainer)->Run(&recorder).status();
  EXPECT_TRUE(status.ok()) << status;
  return recorder.numbers();
}

// What all of so many processes record. `damage`: every such training image is broken; 0: none.
// `uneven`: classes are of different sizes.
std::vector<double> Agreed(int processes, const TrainingOptions& options, int64_t damage = 0,
                           bool uneven = false) {
  const auto ends = RunProcesses(processes, [&](const Group& group) {
    const std::vector<double> numbers = Train(options, group, damage, uneven);
    return std::string(reinterpret_cast<const char*>(numbers.data()),
                       numbers.size() * sizeof(double));
  });
  for (const ProcessEnd& end : ends) {
    EXPECT_EQ(end.exit_code, 0) << end.text;
    EXPECT_EQ(end.text, ends[0].text);
  }
  std::vector<double> numbers(ends[0].text.size() / sizeof(double));
  std::memcpy(numbers.data(), ends[0].text.data(), numbers.size() * sizeof(double));
  return numbers;
}

void ExpectNear(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-4) << i;
}

TEST(ProcessesTest, WithNormsOverAllImagesItIsTheSameTraining) {
  const std::vector<double> alone = Agreed(1, TinyTraining());
  EXPECT_EQ(alone[kSteps], 16);
  for (const int processes : {2, 3}) {
    SCOPED_TRACE(processes);
    const std::vector<double> together = Agreed(processes, TinyTraining());
    ExpectNear(together, alone);
    EXPECT_EQ(Agreed(processes, TinyTraining()), together);
  }
}

// What is left of so few images makes norms that amplify what rounding does to the weights.
TEST(ProcessesTest, DropPathIsDrawnForAllImages) {
  TrainingOptions options = TinyTraining();
  options.drop_path = 0.3;  // from the second epoch on
  options.learning_rate = 1e-6;
  ExpectNear(Agreed(2, options), Agreed(1, options));
}

// Weights that differ from image to image, in shares of the batch.
TEST(ProcessesTest, ClassWeightsAreOfTheWholeBatch) {
  TrainingOptions options = TinyTraining();
  options.class_weights = "balanced";
  const std::vector<double> alone = Agreed(1, options, /*damage=*/0, /*uneven=*/true);
  for (const int processes : {2, 3}) {
    ExpectNear(Agreed(processes, options, /*damage=*/0, /*uneven=*/true), alone);
  }
  options.class_weights = "none";
  EXPECT_GT(
      std::abs(Agreed(1, options, /*damage=*/0, /*uneven=*/true)[kFirstLoss] - alone[kFirstLoss]),
      1e-3)
      << "the weights make no difference";
}

// Norms are each process's own, and the average is not sent: it follows from what is.
TEST(ProcessesTest, AllHaveTheSameAverageOfTheWeights) {
  const auto ends = RunProcesses(2, [](const Group& group) {
    TrainingOptions options = TinyTraining();
    options.global_norms = false;
    options.ema = 0.9;
    options.processes = group;
    at::manual_seed(1 + group->rank());
    const DatasetPair data{TinyImages(64), TinyImages(32)};
    TrainedNetwork model;
    model.description.spec = {*FindGenotype("DARTS_V2"), {2, 3, 3, 2}, /*auxiliary_head=*/true};
    model.network = *DerivedNetwork::Create(model.description.spec, {"fused"});
    Recorder recorder;
    const auto trainer = *NetworkTrainer::Create(options, model, &data);
    EXPECT_TRUE(trainer->Run(&recorder).ok());
    Checkpoint checkpoint = trainer->Save();
    checkpoint.numbers.erase("seconds");
    return EncodeCheckpoint(checkpoint);
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.exit_code;
  EXPECT_TRUE(ends[0].text == ends[1].text);
  EXPECT_GT(ends[0].text.size(), 1000u);
}

TEST(ProcessesTest, SharesMayBeOfSeveralSizes) {
  const std::vector<double> alone = Agreed(1, TinyTraining(), /*damage=*/8);
  EXPECT_EQ(alone[kBroken], 8);
  ExpectNear(Agreed(2, TinyTraining(), /*damage=*/8), alone);
}

// Half of the images are broken: of many batches a process has none, or one, of which LibTorch
// makes no norm.
TEST(ProcessesTest, BatchesOfTooFewImagesAreLeftOutByAll) {
  const TrainingOptions global = TinyTraining();
  TrainingOptions local = global;
  local.global_norms = false;
  const std::vector<double> left_by_global = Agreed(2, global, /*damage=*/2);
  const std::vector<double> left_by_local = Agreed(2, local, /*damage=*/2);
  EXPECT_EQ(left_by_global[kBroken], 32);
  EXPECT_EQ(left_by_local[kBroken], 32);
  for (const auto& numbers : {left_by_global, left_by_local}) {
    EXPECT_GT(numbers[kSteps], 0);
    EXPECT_LT(numbers[kSteps], 16);
  }
}

TEST(ProcessesTest, OneProcessLeavesThemOutToo) {
  TrainingOptions options = TinyTraining();
  options.batch_size = 2;
  const std::vector<double> numbers = Agreed(1, options, /*damage=*/4);
  EXPECT_EQ(numbers[kBroken], 16);
  // Where no batch has two broken ones it is half of them.
  EXPECT_GE(numbers[kSteps], 32);
  EXPECT_LT(numbers[kSteps], 48);
  // The other image of a pair, but where both are broken. Steps are of two epochs.
  EXPECT_GT(numbers[kPassedOver], 0);
  EXPECT_LE(numbers[kPassedOver], 16);
  options.epochs = 1;
  const std::vector<double> once = Agreed(1, options, /*damage=*/4);
  EXPECT_EQ(2 * once[kSteps] + once[kBroken] + once[kPassedOver], 64);
}

TEST(ProcessesTest, APartOfABatchHasTwoImages) {
  TrainingOptions options = TinyTraining();
  options.global_norms = false;
  options.batch_size = 6;
  options.accumulate = 3;
  EXPECT_EQ(Agreed(1, options, /*damage=*/4)[kSteps], 20);
}

// One of two is asked to stop while both evaluate.
TEST(ProcessesTest, StopsWithinAnEvaluationAndEvaluatesAnew) {
  class Stopper final : public TrainingObserver {
   public:
    absl::Status OnStep(const StepReport&) override { return absl::OkStatus(); }
    absl::Status OnEpoch(const TrainingEpochReport& report) override {
      ++epochs;
      last = report.test_loss;
      return absl::OkStatus();
    }
    void OnPhase(const PhaseReport& report) override {
      if (!stops || report.epoch != 2 || report.done == 0) return;
      if (asks) NoteInterrupt(SIGTERM);
      while (InterruptSignal() == 0) std::this_thread::yield();
    }
    absl::Status OnStop(const PhaseReport& report) override {
      EXPECT_EQ(report.what, "evaluating the test part");
      EXPECT_EQ(report.done, 1);
      EXPECT_GT(report.parts, 1);
      saved = EncodeCheckpoint(trainer->Save());
      return absl::OkStatus();
    }

    const NetworkTrainer* trainer = nullptr;
    bool stops = false, asks = false;
    int epochs = 0;
    double last = 0;
    std::string saved;
  };
  const auto train = [](bool stops, const std::string& checkpoint) {
    const auto ends = RunProcesses(2, [&](const Group& group) {
      TrainingOptions options = TinyTraining();
      options.processes = group;
      at::manual_seed(1);
      const DatasetPair data{TinyImages(32), TinyImages(32)};
      TrainedNetwork model;
      model.description.spec = {*FindGenotype("DARTS_V2"), {2, 3, 3, 2}, /*auxiliary_head=*/true};
      model.network = *DerivedNetwork::Create(model.description.spec, {"fused"});
      const auto trainer = *NetworkTrainer::Create(options, model, &data);
      if (!checkpoint.empty()) {
        EXPECT_TRUE(trainer->Load(*DecodeCheckpoint(checkpoint, "")).ok());
      }
      Stopper observer;
      observer.trainer = trainer.get();
      observer.stops = stops;
      observer.asks = group->rank() == 1;
      const absl::Status status = trainer->Run(&observer).status();
      EXPECT_EQ(absl::IsCancelled(status), stops) << status;
      EXPECT_EQ(observer.epochs, stops || !checkpoint.empty() ? 1 : 2);
      return stops ? observer.saved
                   : absl::StrCat(absl::Hex(absl::bit_cast<uint64_t>(observer.last)));
    });
    for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0);
    return ends[0].text;
  };
  EXPECT_EQ(train(false, train(true, "")), train(false, ""));
}

}  // namespace
}  // namespace nap
