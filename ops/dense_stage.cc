#include "ops/dense_stage.h"

#include <ATen/ops/empty_like.h>

#include <utility>

#include "ops/kernels/image.h"
#include "ops/kernels/pointwise.h"
#include "ops/kernels/scratch.h"
#include "ops/packing.h"

namespace nap {

using kernels::ConstImage;
using kernels::Image;

DenseStage::DenseStage(torch::nn::Conv2d convolution)
    : convolution_(std::move(convolution)),
      shape_(KernelShapeOf(convolution_)),
      inputs_(kernels::PaddedChannels(convolution_->options.in_channels())),
      outputs_(kernels::PaddedChannels(convolution_->options.out_channels())) {}

int64_t DenseStage::Channels(int64_t) const { return convolution_->options.out_channels(); }

std::vector<at::Tensor> DenseStage::Weights() const { return {convolution_->weight}; }

at::Tensor DenseStage::Matrix(const at::Tensor& weight, int64_t tap) const {
  return weight.select(3, tap % shape_.kernel_width).select(2, tap / shape_.kernel_width);
}

// A matrix for each place of the window, then those that give the input's gradient.
int64_t DenseStage::PackedSize() const { return 2 * GradientSize(); }

int64_t DenseStage::GradientSize() const { return shape_.Taps() * MatrixSize(); }

void DenseStage::Pack(float* packed) const {
  for (int64_t tap = 0; tap < shape_.Taps(); ++tap) {
    PackPointwise(Matrix(convolution_->weight, tap), /*first_output=*/0, outputs_,
                  packed + tap * MatrixSize(),
                  packed + GradientSize() + (shape_.Taps() - 1 - tap) * MatrixSize());
  }
}

std::vector<at::Tensor> DenseStage::UnpackGradient(const float* gradient) const {
  const at::Tensor unpacked = at::empty_like(convolution_->weight);
  for (int64_t tap = 0; tap < shape_.Taps(); ++tap) {
    const at::Tensor matrix = Matrix(unpacked, tap);
    matrix.copy_(
        UnpackPointwise(gradient + tap * MatrixSize(), /*first_output=*/0, outputs_, matrix));
  }
  return {unpacked};
}

std::vector<ConvolutionShape> DenseStage::Convolutions() const { return {ShapeOf(convolution_)}; }

void DenseStage::Forward(const ConstImage& x, const float* packed, const Image& y) const {
  kernels::Convolution(shape_, x, packed, /*accumulate=*/false, y);
}

void DenseStage::Backward(const ConstImage& x, const float* packed, const ConstImage& dy,
                          bool accumulate, const Image* dx, float* gradient) const {
  if (gradient != nullptr) kernels::ConvolutionWeightGradient(shape_, x, dy, gradient);
  if (dx == nullptr) return;
  thread_local kernels::BorderedScratch scratch;
  const Image bordered = scratch.Get(dy.height, dy.width, dy.channels, Border());
  kernels::Copy(dy, bordered);
  kernels::Convolution(shape_, bordered, packed + GradientSize(), accumulate, *dx);
}

}  // namespace nap
