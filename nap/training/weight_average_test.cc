#include "nap/training/weight_average.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

// A weight, a statistic and a count, as networks have them.
struct Model : torch::nn::Module {
  explicit Model(double value)
      : weight(register_parameter("weight", at::full({2}, value, at::kDouble))),
        statistic(register_buffer("statistic", at::full({1}, -value, at::kDouble))),
        count(register_buffer("count", at::zeros({}, at::kLong))) {}

  void Set(double value) {
    weight.data().fill_(value);
    statistic.fill_(-value);
    count.add_(1);
  }

  at::Tensor weight, statistic, count;
};

double First(const at::Tensor& tensor) { return tensor.view({-1})[0].item<double>(); }

// Decays of 1/10, 2/11 and 3/12, then those that the last one is held to:
// 1 -> 0.1 * 1 + 0.9 * 3 = 2.8 -> 2/11 * 2.8 + 9/11 * 5 = 4.6
// -> 0.25 * 4.6 + 0.75 * 1 = 1.9, or 0.2 * 4.6 + 0.8 * 1 = 1.72.
TEST(WeightAverageTest, IsTheMovingAverageWithADecayThatRises) {
  for (const auto& [decay, wanted] : {std::pair(0.9, 1.9), std::pair(0.2, 1.72)}) {
    Model trained(1), average(7);
    WeightAverage updates(trained, average, decay);
    EXPECT_EQ(First(average.weight), 1);
    trained.Set(3);
    updates.Update();
    EXPECT_NEAR(First(average.weight), 2.8, 1e-12);
    trained.Set(5);
    updates.Update();
    EXPECT_NEAR(First(average.weight), 4.6, 1e-12);
    trained.Set(1);
    updates.Update();
    EXPECT_NEAR(First(average.weight), wanted, 1e-12);
    EXPECT_NEAR(First(average.statistic), -wanted, 1e-12);
    EXPECT_EQ(average.count.item<int64_t>(), 3);
    EXPECT_EQ(First(trained.weight), 1) << "the weights that are trained stay as they are";
  }
}

TEST(WeightAverageTest, GoesOnWithItsDecay) {
  Model trained(1), average(1), other(1);
  WeightAverage whole(trained, average, 0.9);
  for (int i = 0; i < 3; ++i) whole.Update();
  Checkpoint checkpoint;
  whole.Save(&checkpoint);
  WeightAverage resumed(trained, other, 0.9);
  ASSERT_TRUE(resumed.Load(checkpoint).ok());
  trained.Set(2);
  whole.Update();
  resumed.Update();
  EXPECT_EQ(First(other.weight), First(average.weight));
  EXPECT_EQ(resumed.Load({}).message(), "the checkpoint does not fit: it has no 'average.updates'");
}

}  // namespace
}  // namespace nap
