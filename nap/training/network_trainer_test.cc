#include "nap/training/network_trainer.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "data/tiny_images_for_tests.h"
#include "nap/engine/replaying_for_tests.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"
#include "nap/training/class_weights.h"
#include "nap/training/trained_network.h"

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
  TrainingOptions plain = TinyTraining(), all = plain;
  all.optimizer = "adamw";
  all.ema = 0.9;
  all.sampling = "balanced";
  all.rand_augment.operations = 2;
  all.random_erasing = 0.5;
  for (const TrainingOptions& options : {plain, all}) {
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
}

// All images and labels, without a loader.
std::pair<at::Tensor, at::Tensor> Tensors(const Dataset& images) {
  const ImageShape shape = images.shape();
  at::Tensor bytes =
      at::empty({images.size(), shape.height, shape.width, shape.channels}, at::kByte);
  at::Tensor labels = at::empty({images.size()}, at::kLong);
  for (int64_t i = 0; i < images.size(); ++i) {
    EXPECT_TRUE(images.Read(i, nullptr, bytes[i].data_ptr<uint8_t>()).ok());
    labels[i] = images.Label(i);
  }
  const at::Tensor pixels = (bytes.to(at::kFloat) / 255 - images.mean()[0]) / images.stddev()[0];
  return {pixels.permute({0, 3, 1, 2}), labels};
}

double LossOf(DerivedNetwork* network, const Dataset& images) {
  const auto [pixels, labels] = Tensors(images);
  const at::NoGradGuard no_grad;
  network->eval();
  return at::cross_entropy_loss(network->Forward(pixels).logits, labels).item<double>();
}

// A class of a quarter of the images, and another one.
class UnevenImages final : public ForwardingDataset {
 public:
  using ForwardingDataset::ForwardingDataset;
  int Label(int64_t index) const override { return index % 4 == 0 ? 1 : 0; }
};

// All images as one batch, 48 of one class and 16 of the other, whose weights are 2/3 and 2.
TEST_F(NetworkTrainerTest, ClassesWeighInverselyToTheirSizes) {
  EXPECT_EQ(BalancedClassWeights(UnevenImages(data_.train.get())),
            (std::vector<float>{64.0F / 96, 64.0F / 32}));
  const DatasetPair data{std::make_unique<UnevenImages>(data_.train.get()), TinyImages(32)};
  TrainingOptions options = TinyTraining();
  options.epochs = 1;
  options.batch_size = 64;
  options.crop_padding = options.cutout = 0;
  options.flip = false;
  options.drop_path = options.mixup = 0;
  std::map<std::string, double> found;
  for (const char* weighting : {"none", "balanced"}) {
    options.class_weights = weighting;
    at::manual_seed(1);
    Recorder recorder;
    const auto trainer = NetworkTrainer::Create(options, Model("DARTS_V2"), &data);
    ASSERT_TRUE((*trainer)->Run(&recorder).ok());
    found[weighting] = recorder.epochs[0].train_loss;
  }
  at::manual_seed(1);
  const TrainedNetwork model = Model("DARTS_V2");
  const auto [images, labels] = Tensors(*data.train);
  const at::Tensor logs = model.network->Forward(images).logits.log_softmax(1).to(at::kDouble);
  std::map<std::string, double> wanted;
  for (int64_t i = 0; i < 64; ++i) {
    const auto label = labels[i].item<int64_t>();
    const double loss = -0.9 * logs[i][label].item<double>() - 0.1 * logs[i].mean().item<double>();
    wanted["none"] += loss / 64;
    wanted["balanced"] += loss / 64 * (label == 1 ? 2 : 2.0 / 3);
  }
  EXPECT_NEAR(found["none"], wanted["none"], 1e-5);
  EXPECT_NEAR(found["balanced"], wanted["balanced"], 1e-5);
  EXPECT_GT(std::abs(wanted["none"] - wanted["balanced"]), 1e-3);
}

// Beside a training that follows each step's weights, those are averaged here, in double precision.
TEST_F(NetworkTrainerTest, EvaluatesAndHandsOverTheAverageOfItsWeights) {
  TrainingOptions options = TinyTraining();
  options.ema = 0.5;
  options.evaluation_images = 0;
  const auto trainer = Make(options);
  const std::string prefix = "trained.";
  std::map<std::string, at::Tensor> average;
  int updates = 0;
  const auto follow = [&] {
    const double decay = std::min(0.5, (1.0 + updates) / (10.0 + updates));
    for (const auto& [name, tensor] : trainer->Save().tensors) {
      if (name.compare(0, prefix.size(), prefix) != 0 || !tensor.is_floating_point()) continue;
      at::Tensor& mean = average[name.substr(prefix.size())];
      const at::Tensor now = tensor.to(at::kDouble);
      mean = mean.defined() ? mean * decay + now * (1 - decay) : now;
    }
  };
  follow();
  class Follower final : public TrainingObserver {
   public:
    explicit Follower(std::function<void()> after_step) : after_step_(std::move(after_step)) {}
    absl::Status OnStep(const StepReport&) override {
      after_step_();
      return absl::OkStatus();
    }
    absl::Status OnEpoch(const TrainingEpochReport& report) override {
      loss = report.test_loss;
      return absl::OkStatus();
    }
    double loss = 0;

   private:
    const std::function<void()> after_step_;
  } follower([&] {
    follow();
    ++updates;
  });
  ASSERT_TRUE(trainer->Run(&follower).ok());
  const Checkpoint end = trainer->Save();
  EXPECT_GT(average.size(), 100u);
  for (const auto& [name, tensor] : average) {
    const at::Tensor& found = end.tensors.at("network." + name);
    EXPECT_TRUE(found.to(at::kDouble).allclose(tensor, 1e-4, 1e-6)) << name;
    EXPECT_TRUE(trainer->network().named_parameters().contains(name) ||
                trainer->network().named_buffers().contains(name));
  }
  const at::Tensor& trained = end.tensors.at("trained.classifier.weight");
  EXPECT_FALSE(trained.equal(end.tensors.at("network.classifier.weight")));
  const TrainedNetwork handed_over = Model("DARTS_V2");
  ASSERT_TRUE(RestoreTrainedNetwork(end, handed_over.description, handed_over.network.get()).ok());
  EXPECT_NEAR(follower.loss, LossOf(handed_over.network.get(), *data_.test), 1e-5);
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
