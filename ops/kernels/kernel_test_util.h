// For the kernels' tests: images in guarded memory, and one run for each instruction set.
#ifndef OPS_KERNELS_KERNEL_TEST_UTIL_H_
#define OPS_KERNELS_KERNEL_TEST_UTIL_H_

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ops/kernels/image.h"

namespace nap::kernels {

// How an image lies in memory.
struct Layout {
  int64_t border = 0;
  int64_t pixel_gap = 0;  // floats between two pixels
  int64_t row_gap = 0;    // floats between two rows
};

// Random numbers in double precision that float32 can hold.
at::Tensor Random(at::IntArrayRef sizes);

// An image in memory whose every float that no kernel may write is watched.
class TestImage {
 public:
  // Every float is not a number, or watched.
  TestImage(int64_t channels, int64_t height, int64_t width, const Layout& layout);
  // The contents are `values`, [C, H, W]; padded channels and the border are zeros.
  TestImage(const at::Tensor& values, const Layout& layout);

  const Image& image() const { return image_; }

  // [C, H, W] in double precision. Checks that padded channels are zeros and that nothing was
  // written around the image, the border included.
  at::Tensor Values() const;

 private:
  const int64_t channels_;
  std::vector<float> memory_;
  std::vector<bool> writable_;
  std::vector<float> before_;
  Image image_;
};

// [C] to a padded row of floats, and back.
std::vector<float> PerChannel(const at::Tensor& values);
at::Tensor FromPerChannel(const std::vector<float>& padded, int64_t channels);

// The largest difference, as a share of the largest wanted number.
double Error(const at::Tensor& found, const at::Tensor& wanted);

// Those that are compiled in and that this machine has: Highway's targets.
std::vector<int64_t> InstructionSets();

// What kernels use from now on; 0: the best one, as ever.
void UseInstructionSet(int64_t set);

// Runs a test with the instruction set of its parameter.
class KernelTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override;
  void TearDown() override { UseInstructionSet(0); }
};

std::string InstructionSetName(const testing::TestParamInfo<int64_t>& info);

#define NAP_FOR_EACH_INSTRUCTION_SET(suite) \
  INSTANTIATE_TEST_SUITE_P(On, suite, testing::ValuesIn(InstructionSets()), InstructionSetName)

}  // namespace nap::kernels

#endif  // OPS_KERNELS_KERNEL_TEST_UTIL_H_
