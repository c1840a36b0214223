#include "nap/training/network_trainer.h"

#include <gtest/gtest.h>

#include "data/tiny_images_for_tests.h"
#include "nap/engine/replaying_for_tests.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

TrainingOptions TinyTraining() {
  TrainingOptions options;
  options.epochs = 3;
  options.batch_size = 8;
  options.steps_per_epoch = 3;
  options.evaluation_images = 10;
  options.learning_rate = 0.05;
  options.crop_padding = 1;
  options.cutout = 2;
  options.drop_path = 0.3;
  options.label_smoothing = 0.1;
  options.mixup = 0.4;
  options.device.name = "cpu";
  return options;
}

class Recorder final : public TrainingObserver {
 public:
  absl::Status OnStep(const StepReport& report) override {
    steps.push_back(report);
    return static_cast<int>(steps.size()) == fail_at ? absl::CancelledError("enough")
                                                     : absl::OkStatus();
  }
  absl::Status OnEpoch(const TrainingEpochReport& report) override {
    epochs.push_back(report);
    return absl::OkStatus();
  }

  std::vector<StepReport> steps;
  std::vector<TrainingEpochReport> epochs;
  int fail_at = -1;
};

class NetworkTrainerTest : public testing::Test {
 protected:
  std::unique_ptr<NetworkTrainer> Make(const TrainingOptions& options, uint64_t seed = 1,
                                       const char* backend = "fused") {
    at::manual_seed(seed);
    auto trainer = NetworkTrainer::Create(options, Model("DARTS_V2", backend), &data_);
    EXPECT_TRUE(trainer.ok()) << trainer.status();
    return std::move(*trainer);
  }

  static TrainedNetwork Model(const char* genotype, const char* backend = "fused") {
    TrainedNetwork model;
    model.description.spec = {*FindGenotype(genotype), {2, 3, 3, 2}, true};
    auto network = DerivedNetwork::Create(model.description.spec, {backend});
    EXPECT_TRUE(network.ok()) << network.status();
    model.network = *network;
    return model;
  }

  const DatasetPair data_{TinyImages(64), TinyImages(32)};
};

TEST_F(NetworkTrainerTest, LearnsAndReportsAsItGoes) {
  TrainingOptions options = TinyTraining();
  options.epochs = 6;
  options.steps_per_epoch = 0;
  options.evaluation_images = 0;
  options.drop_path = options.mixup = 0;
  Recorder recorder;
  const auto result = Make(options)->Run(&recorder);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(recorder.epochs.size(), 6u);
  ASSERT_EQ(recorder.steps.size(), 6u * 8u);
  EXPECT_EQ(recorder.steps[9].epoch, 2);
  EXPECT_EQ(recorder.steps[9].step, 2);
  EXPECT_EQ(recorder.steps[9].steps_per_epoch, 8);
  EXPECT_GT(recorder.epochs.back().test_accuracy, 0.9);
  EXPECT_EQ(recorder.epochs.back().test_top5_accuracy, 1);
  EXPECT_EQ(result->last_accuracy, recorder.epochs.back().test_accuracy);
  double best = -1;
  for (const TrainingEpochReport& epoch : recorder.epochs) {
    EXPECT_EQ(epoch.is_best, epoch.test_accuracy > best);
    best = std::max(best, epoch.test_accuracy);
  }
  EXPECT_EQ(result->best_accuracy, best);
  EXPECT_EQ(recorder.epochs[result->best_epoch - 1].test_accuracy, best);
}

void ExpectEqual(const Checkpoint& a, const Checkpoint& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    EXPECT_TRUE(tensor.equal(b.tensors.at(name))) << name;
  }
  EXPECT_EQ(a.integers, b.integers);
  for (const auto& [name, number] : a.numbers) {
    if (name == "seconds") continue;
    EXPECT_EQ(number, b.numbers.at(name)) << name;
  }
}

// A recording reads its inputs, weights where they are, and nothing else.
TEST_F(NetworkTrainerTest, StepsCanBeRecordedAndReplayed) {
  RegisterReplaying();
  Recorder recorder;
  const auto directly = Make(TinyTraining(), 1, "reference");
  ASSERT_TRUE(directly->Run(&recorder).ok());
  const auto replayed = Make(TinyTraining(), 1, kReplaying);
  ASSERT_TRUE(replayed->Run(&recorder).ok());
  ExpectEqual(directly->Save(), replayed->Save());
}

TEST_F(NetworkTrainerTest, LearnsInBfloat16) {
  TrainingOptions options = TinyTraining();
  options.epochs = 6;
  options.steps_per_epoch = 0;
  options.evaluation_images = 0;
  options.drop_path = options.mixup = 0;
  options.device.precision = "bfloat16";
  Recorder recorder;
  const auto trainer = Make(options);
  ASSERT_TRUE(trainer->Run(&recorder).ok());
  EXPECT_GT(recorder.epochs.back().test_accuracy, 0.9);
  for (const auto& [name, tensor] : trainer->Save().tensors) {
    EXPECT_NE(tensor.scalar_type(), at::kBFloat16) << name;
  }
}

TEST_F(NetworkTrainerTest, GoesOnToTheSameBitsWhereverItWasInterrupted) {
  const TrainingOptions options = TinyTraining();
  Recorder recorder;
  const auto whole = Make(options);
  ASSERT_TRUE(whole->Run(&recorder).ok());
  for (int stop = 1; stop <= 9; ++stop) {
    Recorder first;
    first.fail_at = stop;
    const auto interrupted = Make(options);
    EXPECT_EQ(interrupted->Run(&first).status().code(), absl::StatusCode::kCancelled);
    const Checkpoint checkpoint = interrupted->Save();
    Recorder second;
    const auto resumed = Make(options, /*seed=*/99);  // other weights, which Load replaces
    ASSERT_TRUE(resumed->Load(checkpoint).ok());
    ASSERT_TRUE(resumed->Run(&second).ok());
    ExpectEqual(resumed->Save(), whole->Save());
    EXPECT_EQ(first.steps.size() + second.steps.size(), recorder.steps.size());
    EXPECT_EQ(second.epochs.back().test_loss, recorder.epochs.back().test_loss);
    EXPECT_EQ(second.epochs.back().train_loss, recorder.epochs.back().train_loss);
  }
}

TEST_F(NetworkTrainerTest, TheSeedDecides) {
  TrainingOptions options = TinyTraining();
  const auto loss = [&] {
    Recorder recorder;
    EXPECT_TRUE(Make(options)->Run(&recorder).ok());
    return recorder.epochs.back().train_loss;
  };
  const double first = loss();
  EXPECT_EQ(loss(), first);
  options.seed = 1;
  EXPECT_NE(loss(), first);
}

TEST_F(NetworkTrainerTest, SaysWhenItDiverges) {
  TrainingOptions options = TinyTraining();
  options.learning_rate = 1e30;
  Recorder recorder;
  const auto result = Make(options)->Run(&recorder);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(result.status().message().find("lower --learning_rate=1e+30"), absl::string_view::npos);
}

TEST_F(NetworkTrainerTest, RefusesTheCheckpointOfAnother) {
  Checkpoint checkpoint = Make(TinyTraining())->Save();
  checkpoint.integers.erase("best_epoch");
  EXPECT_EQ(Make(TinyTraining())->Load(checkpoint).message(),
            "the checkpoint does not fit: it has no 'best_epoch'");
  const auto other = NetworkTrainer::Create(TinyTraining(), Model("PDARTS"), &data_);
  EXPECT_NE((*other)->Load(checkpoint).message().find("is not that of the checkpoint"),
            absl::string_view::npos);
}

TEST_F(NetworkTrainerTest, RefusesABatchLargerThanTheData) {
  TrainingOptions options = TinyTraining();
  options.batch_size = 65;
  EXPECT_EQ(NetworkTrainer::Create(options, Model("DARTS_V2"), &data_).status().message(),
            "--batch_size=65 is more than the 64 training images");
}

TEST_F(NetworkTrainerTest, RefusesAnEmptyTestPart) {
  const DatasetPair untested{TinyImages(64), TinyImages(0)};
  EXPECT_EQ(NetworkTrainer::Create(TinyTraining(), Model("DARTS_V2"), &untested).status().message(),
            "there is no image to test on");
}

}  // namespace
}  // namespace nap
