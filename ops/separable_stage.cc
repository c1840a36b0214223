#include "ops/separable_stage.h"

#include <algorithm>
#include <utility>

#include "ops/kernels/normalisation.h"
#include "ops/kernels/pointwise.h"
#include "ops/kernels/scratch.h"
#include "ops/packing.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

// As many rows as keep what lies between the two convolutions in the first-level cache.
int64_t StripRows(int64_t row_floats) {
  return std::max<int64_t>(1, 4096 / std::max<int64_t>(1, row_floats));
}

// What the depthwise convolution made of rows [begin, begin + rows) of the output.
Image DepthwiseStrip(const kernels::KernelShape& shape, const ConstImage& x, const float* weights,
                     int64_t begin, int64_t rows, int64_t width, float* memory) {
  const Image z = kernels::DenseImage(memory, rows, width, x.channels);
  kernels::Depthwise(shape, kernels::Rows(x, begin * shape.stride, rows), weights, z);
  return z;
}

}  // namespace

SeparableStage::SeparableStage(torch::nn::Conv2d depthwise, torch::nn::Conv2d pointwise)
    : depthwise_(std::move(depthwise)),
      pointwise_(std::move(pointwise)),
      shape_(KernelShapeOf(depthwise_)),
      inputs_(kernels::PaddedChannels(pointwise_->options.in_channels())),
      outputs_(kernels::PaddedChannels(pointwise_->options.out_channels())) {}

int64_t SeparableStage::Channels(int64_t) const { return pointwise_->options.out_channels(); }

std::vector<at::Tensor> SeparableStage::Weights() const {
  return {depthwise_->weight, pointwise_->weight};
}

// Depthwise, pointwise, pointwise transposed.
int64_t SeparableStage::PackedSize() const { return GradientSize() + inputs_ * outputs_; }

int64_t SeparableStage::GradientSize() const {
  return shape_.Taps() * inputs_ + inputs_ * outputs_;
}

void SeparableStage::Pack(float* packed) const {
  PackDepthwise(depthwise_->weight, packed);
  PackPointwise(pointwise_->weight, 0, outputs_, packed + shape_.Taps() * inputs_,
                packed + GradientSize());
}

std::vector<at::Tensor> SeparableStage::UnpackGradient(const float* gradient) const {
  return {UnpackDepthwise(gradient, depthwise_->weight),
          UnpackPointwise(gradient + shape_.Taps() * inputs_, 0, outputs_, pointwise_->weight)};
}

std::vector<ConvolutionShape> SeparableStage::Convolutions() const {
  return {ShapeOf(depthwise_), ShapeOf(pointwise_)};
}

void SeparableStage::Forward(const ConstImage& x, const float* packed, const Image& y) const {
  thread_local kernels::Scratch strip;
  const int64_t step = StripRows(y.width * inputs_);
  float* memory = strip.Get(step * y.width * inputs_);
  for (int64_t row = 0; row < y.height; row += step) {
    const int64_t rows = std::min(step, y.height - row);
    const Image z = DepthwiseStrip(shape_, x, packed, row, rows, y.width, memory);
    kernels::Pointwise(z, packed + shape_.Taps() * inputs_, /*accumulate=*/false,
                       kernels::Rows(y, row, rows));
  }
}

void SeparableStage::Backward(const ConstImage& x, const float* packed, const ConstImage& dy,
                              bool accumulate, const Image* dx, float* gradient) const {
  thread_local kernels::Scratch strip;
  thread_local kernels::BorderedScratch whole;
  const Image dz = whole.Get(dy.height, dy.width, inputs_, shape_.Border());
  const float* transposed = packed + GradientSize();
  const int64_t step = StripRows(dy.width * inputs_);
  float* memory = strip.Get(step * dy.width * inputs_);
  for (int64_t row = 0; row < dy.height; row += step) {
    const int64_t rows = std::min(step, dy.height - row);
    const ConstImage dy_strip = kernels::Rows(dy, row, rows);
    kernels::Pointwise(dy_strip, transposed, /*accumulate=*/false, kernels::Rows(dz, row, rows));
    if (gradient == nullptr) continue;
    // Computed again rather than kept: a depthwise convolution takes less time than memory does.
    const Image z = DepthwiseStrip(shape_, x, packed, row, rows, dy.width, memory);
    kernels::PointwiseWeightGradient(z, dy_strip, gradient + shape_.Taps() * inputs_);
  }
  if (gradient != nullptr) kernels::DepthwiseWeightGradient(shape_, x, dz, gradient);
  if (dx != nullptr) kernels::DepthwiseInputGradient(shape_, dz, packed, accumulate, *dx);
}

}  // namespace nap
