// The built-in images: a small network learns them, a linear model cannot.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adam.h>

#include <cmath>
#include <functional>
#include <numeric>

#include "data/loader.h"

namespace nap {
namespace {

DatasetPair Open(uint64_t seed, int64_t train_size) {
  DatasetOptions options;
  options.seed = seed;
  options.train_size = train_size;
  return *DatasetRegistry::Global().Make("built_in", options);
}

std::vector<uint8_t> Image(const Dataset& dataset, int64_t index) {
  std::vector<uint8_t> pixels(static_cast<size_t>(dataset.shape().Size()));
  EXPECT_TRUE(dataset.Read(index, nullptr, pixels.data()).ok());
  return pixels;
}

using Model = std::function<at::Tensor(const at::Tensor&)>;

// Accuracy on the test images after so many steps of Adam.
double TrainAndTest(const Model& model, const std::vector<at::Tensor>& parameters, int epochs,
                    double learning_rate) {
  const DatasetPair pair = Open(0, 3000);
  LoaderOptions options;
  options.batch_size = 50;
  options.shuffle = true;
  options.augmentation.mean = pair.train->mean();
  options.augmentation.stddev = pair.train->stddev();
  std::vector<int64_t> train(3000), test(1000);
  std::iota(train.begin(), train.end(), 0);
  std::iota(test.begin(), test.end(), 0);
  Loader train_loader(pair.train.get(), train, options);
  Loader test_loader(pair.test.get(), test, options);
  torch::optim::Adam adam(parameters, torch::optim::AdamOptions(learning_rate));
  Batch batch;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    train_loader.StartEpoch(epoch);
    while (train_loader.Next(&batch)) {
      adam.zero_grad();
      at::cross_entropy_loss(model(batch.images), batch.labels).backward();
      adam.step();
    }
  }
  const at::NoGradGuard no_grad;
  int64_t correct = 0;
  test_loader.StartEpoch(0);
  while (test_loader.Next(&batch)) {
    correct += model(batch.images).argmax(1).eq(batch.labels).sum().item<int64_t>();
  }
  return static_cast<double>(correct) / 1000;
}

TEST(BuiltInTest, ALinearModelCannotLearnIt) {
  at::set_num_threads(1);
  at::manual_seed(0);
  torch::nn::Linear linear(3 * 32 * 32, 10);
  const auto model = [&](const at::Tensor& x) { return linear->forward(x.reshape({-1, 3072})); };
  EXPECT_LT(TrainAndTest(model, linear->parameters(), 10, 1e-3), 0.3);
}

TEST(BuiltInTest, ASmallNetworkLearnsIt) {
  at::set_num_threads(1);
  at::manual_seed(0);
  const auto convolution = [](int64_t in, int64_t out) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(2).padding(1));
  };
  torch::nn::Conv2d first = convolution(3, 16), second = convolution(16, 32),
                    third = convolution(32, 32);
  torch::nn::BatchNorm2d norm1(16), norm2(32), norm3(32);
  torch::nn::Linear classifier(32, 10);
  std::vector<at::Tensor> parameters;
  for (const auto& part :
       {first->parameters(), second->parameters(), third->parameters(), norm1->parameters(),
        norm2->parameters(), norm3->parameters(), classifier->parameters()}) {
    parameters.insert(parameters.end(), part.begin(), part.end());
  }
  const auto model = [&](const at::Tensor& x) {
    at::Tensor y = at::relu(norm1->forward(first->forward(x)));
    y = at::relu(norm2->forward(second->forward(y)));
    y = at::relu(norm3->forward(third->forward(y)));
    return classifier->forward(y.mean({2, 3}));
  };
  EXPECT_GT(TrainAndTest(model, parameters, 5, 5e-3), 0.7);
}

TEST(BuiltInTest, DependsOnTheSeedAlone) {
  const DatasetPair first = Open(1, 50), again = Open(1, 100), other = Open(2, 50);
  EXPECT_EQ(first.train->size(), 50);
  EXPECT_EQ(again.train->size(), 100);
  EXPECT_EQ(first.test->size(), 2000);
  for (int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(Image(*first.train, i), Image(*again.train, i));
    EXPECT_EQ(first.train->Label(i), i % 10);
    EXPECT_NE(Image(*first.train, i), Image(*other.train, i));
    EXPECT_NE(Image(*first.train, i), Image(*first.test, i));
  }
}

// The constants that normalise are the data's, and say nothing of the class.
TEST(BuiltInTest, AChecksumTellsImagesFromOthers) {
  const uint32_t sum = Open(3, 20).train->Checksum();
  EXPECT_EQ(Open(3, 20).train->Checksum(), sum);
  EXPECT_NE(Open(4, 20).train->Checksum(), sum);
  EXPECT_NE(Open(3, 19).train->Checksum(), sum);
}

TEST(BuiltInTest, HasTheMeanAndSpreadThatItSays) {
  const DatasetPair pair = Open(3, 3000);
  for (int c = 0; c < 3; ++c) {
    std::vector<double> of_class(10);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < pair.train->size(); ++i) {
      const std::vector<uint8_t> pixels = Image(*pair.train, i);
      for (int p = 0; p < 1024; ++p) {
        const double value = pixels[3 * p + c] / 255.0;
        sum += value;
        squares += value * value;
        of_class[pair.train->Label(i)] += value / (1024 * 300);
      }
    }
    const double count = 1024.0 * 3000;
    EXPECT_NEAR(sum / count, pair.train->mean()[c], 0.01);
    EXPECT_NEAR(std::sqrt(squares / count - sum * sum / count / count), pair.train->stddev()[c],
                0.01);
    for (double mean : of_class) EXPECT_NEAR(mean, pair.train->mean()[c], 0.04);
  }
}

TEST(BuiltInTest, DrawsNoMoreThanMemoryHolds) {
  DatasetOptions options;
  options.train_size = 2000000;
  EXPECT_EQ(DatasetRegistry::Global().Make("built_in", options).status().message(),
            "dataset 'built_in': --max_images=2000000 is out of range: must be from 0 to 1000000");
}

}  // namespace
}  // namespace nap
