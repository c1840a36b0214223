#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "nap/runtime/device.h"
#include "nap/runtime/memory.h"
#include "nap/runtime/threads.h"

namespace nap {
namespace {

TEST(DeviceTest, KnowsItsNames) {
  EXPECT_TRUE(FindDevice({"cpu"})->device.is_cpu());
  EXPECT_TRUE(FindDevice({"auto"}).ok());
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1000", ""}) {
    EXPECT_EQ(FindDevice({name}).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
  // No machine has that many.
  EXPECT_EQ(FindDevice({"cuda:99"}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DeviceTest, KnowsItsPrecisions) {
  EXPECT_EQ(FindDevice({"cpu", "float32"})->precision, Precision::kFloat32);
  EXPECT_EQ(FindDevice({"cpu", "bfloat16"})->precision, Precision::kBfloat16);
  EXPECT_EQ(FindDevice({"cpu", "tf32"}).status().message(),
            "--precision=tf32 needs a GPU; CPUs have float32 and bfloat16");
  EXPECT_EQ(FindDevice({"cpu", "float16"}).status().message(),
            "unknown precision 'float16'; known: float32, tf32, bfloat16");
}

TEST(DeviceTest, ATensorOfTheCpuIsThereAlready) {
  const at::Tensor tensor = at::rand({3});
  EXPECT_TRUE(Upload(tensor, c10::Device(c10::kCPU)).is_same(tensor));
}

TEST(PrecisionTest, ProductsAreOfTheTypeThatIsAskedFor) {
  const at::Tensor weight = at::rand({4, 4}).set_requires_grad(true);
  const c10::Device cpu(c10::kCPU);
  {
    const AutocastGuard guard(Precision::kFloat32, cpu);
    EXPECT_EQ(weight.matmul(weight).scalar_type(), at::kFloat);
  }
  at::Tensor product;
  {
    const AutocastGuard guard(Precision::kBfloat16, cpu);
    product = weight.matmul(at::ones({4, 4}));
    const at::NoGradGuard no_grad;
    weight.zero_();  // of the next product, which must not find a copy that was kept
  }
  EXPECT_EQ(product.scalar_type(), at::kBFloat16);
  product.sum().backward();
  EXPECT_EQ(weight.grad().scalar_type(), at::kFloat);
  EXPECT_EQ(weight.matmul(weight).scalar_type(), at::kFloat);
  const AutocastGuard guard(Precision::kBfloat16, cpu);
  EXPECT_EQ(weight.matmul(at::ones({4, 4})).sum().item<double>(), 0);
}

TEST(ThreadsTest, UsesTheThreadsThatAreAsked) {
  EXPECT_EQ(UseThreads(1), 1);
  EXPECT_GE(UseThreads(0), 1);
}

TEST(MemoryTest, TellsThePeakOfMemorySinceItWasReset) {
  constexpr int64_t kBytes = int64_t{256} << 20;
  const auto fill = [] { return std::vector<char>(kBytes, 1)[kBytes / 2]; };
  ResetPeakMemory();
  const int64_t before = PeakMemoryBytes();  // LibTorch's libraries, more or fewer
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(fill(), 1);
    EXPECT_GT(PeakMemoryBytes(), before + kBytes * 3 / 4);
    ResetPeakMemory();
    EXPECT_LT(PeakMemoryBytes(), before + kBytes / 4);
  }
}

TEST(MemoryTest, OfGpusIsAskedOfWhoIsLinkedIn) {
  EXPECT_EQ(PeakGpuMemoryBytes(), 0);
  const GpuMemory linked = GpuMemoryOfLibTorch();
  int64_t peak = 3000;
  GpuMemoryOfLibTorch() = {[&peak] { return peak; }, [&peak] { peak = 7; }};
  EXPECT_EQ(PeakGpuMemoryBytes(), 3000);
  ResetPeakMemory();
  EXPECT_EQ(PeakGpuMemoryBytes(), 7);
  GpuMemoryOfLibTorch() = linked;
}

// The numbers of a group are added by one thread, one after another.
TEST(ThreadsTest, GroupsDependOnTheItemsAlone) {
  for (const int64_t items : {1, 3, 8, 50}) {
    std::vector<int64_t> by_one_thread;
    for (const int threads : {1, 2, 3}) {
      UseThreads(threads);
      std::vector<int64_t> group_of(items, -1);
      ForEachInGroups(items, [&](int64_t group, int64_t item) { group_of[item] = group; });
      if (threads == 1) by_one_thread = group_of;
      EXPECT_EQ(group_of, by_one_thread);
      EXPECT_EQ(std::set<int64_t>(group_of.begin(), group_of.end()).size(), NumGroups(items));
      EXPECT_EQ(group_of.front(), 0);
      EXPECT_EQ(group_of.back(), NumGroups(items) - 1);
    }
  }
}

}  // namespace
}  // namespace nap
