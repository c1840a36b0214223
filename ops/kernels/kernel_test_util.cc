#include "ops/kernels/kernel_test_util.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/kernels/machine.h"
#include "ops/kernels/simd.h"
// After simd.h.
#include <hwy/highway.h>

namespace nap::kernels {
namespace {

constexpr float kGuard = 12345.0f;
constexpr int64_t kMargin = 64;

}  // namespace

at::Tensor Random(at::IntArrayRef sizes) { return at::randn(sizes, at::kFloat).to(at::kDouble); }

TestImage::TestImage(int64_t channels, int64_t height, int64_t width, const Layout& layout)
    : channels_(channels) {
  const int64_t padded = PaddedChannels(channels);
  const int64_t border = layout.border;
  image_.height = height;
  image_.width = width;
  image_.channels = padded;
  image_.pixel_stride = padded + layout.pixel_gap;
  image_.row_stride = (width + 2 * border) * image_.pixel_stride + layout.row_gap;
  memory_.assign(2 * kMargin + (height + 2 * border) * image_.row_stride, kGuard);
  writable_.assign(memory_.size(), false);
  image_.data = memory_.data() + kMargin + border * (image_.row_stride + image_.pixel_stride);
  for (int64_t i = 0; i < height; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      float* pixel = image_.At(i, j);
      std::fill_n(pixel, padded, std::numeric_limits<float>::quiet_NaN());
      std::fill_n(writable_.begin() + (pixel - memory_.data()), padded, true);
    }
  }
  before_ = memory_;
}

TestImage::TestImage(const at::Tensor& values, const Layout& layout)
    : TestImage(values.size(0), values.size(1), values.size(2), layout) {
  const auto from = values.accessor<double, 3>();
  const int64_t border = layout.border;
  for (int64_t i = -border; i < image_.height + border; ++i) {
    for (int64_t j = -border; j < image_.width + border; ++j) {
      const bool inside = i >= 0 && i < image_.height && j >= 0 && j < image_.width;
      for (int64_t c = 0; c < image_.channels; ++c) {
        image_.At(i, j)[c] = inside && c < channels_ ? static_cast<float>(from[c][i][j]) : 0.0f;
      }
    }
  }
  before_ = memory_;
}

at::Tensor TestImage::Values() const {
  for (size_t i = 0; i < memory_.size(); ++i) {
    if (!writable_[i] && memory_[i] != before_[i]) {
      ADD_FAILURE() << "a float outside the image was written, at " << i;
      break;
    }
  }
  at::Tensor values = at::empty({channels_, image_.height, image_.width}, at::kDouble);
  auto to = values.accessor<double, 3>();
  for (int64_t i = 0; i < image_.height; ++i) {
    for (int64_t j = 0; j < image_.width; ++j) {
      const float* pixel = image_.At(i, j);
      for (int64_t c = 0; c < channels_; ++c) to[c][i][j] = pixel[c];
      EXPECT_TRUE(std::all_of(pixel + channels_, pixel + image_.channels, [](float value) {
        return value == 0;
      })) << "a padded channel is not zero";
    }
  }
  return values;
}

std::vector<float> PerChannel(const at::Tensor& values) {
  std::vector<float> padded(PaddedChannels(values.size(0)), 0.0f);
  for (int64_t c = 0; c < values.size(0); ++c) {
    padded[c] = static_cast<float>(values.accessor<double, 1>()[c]);
  }
  return padded;
}

at::Tensor FromPerChannel(const std::vector<float>& padded, int64_t channels) {
  at::Tensor values = at::empty({channels}, at::kDouble);
  std::copy_n(padded.begin(), channels, values.data_ptr<double>());
  return values;
}

double Error(const at::Tensor& found, const at::Tensor& wanted) {
  EXPECT_EQ(found.sizes(), wanted.sizes());
  if (wanted.numel() == 0) return 0;
  const double error =
      ((found - wanted).abs().max() / wanted.abs().max().clamp_min(1e-30)).item<double>();
  // A comparison with what is not a number must fail.
  return !std::isnan(error) ? error : std::numeric_limits<double>::infinity();
}

void UseInstructionSet(int64_t set) {
  hwy::SetSupportedTargetsForTest(set);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

void KernelTest::SetUp() {
  at::manual_seed(1);
  UseInstructionSet(GetParam());
  ASSERT_STREQ(InstructionSet(), hwy::TargetName(GetParam()));
}

std::vector<int64_t> InstructionSets() {
  std::vector<int64_t> sets;
  int64_t rest = hwy::SupportedTargets() & HWY_TARGETS;
  for (; rest != 0; rest &= rest - 1) sets.push_back(rest & -rest);
  return sets;
}

std::string InstructionSetName(const testing::TestParamInfo<int64_t>& info) {
  return hwy::TargetName(info.param);
}

}  // namespace nap::kernels
